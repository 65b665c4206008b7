#!/usr/bin/env python3
"""What OR-tools' SimpleMinCostFlow makes of one BMI1 instance.

usage: ortools_optimum.py REPEATS INSTANCE.bin

Prints one line of JSON: cardinality, score, the median CPU seconds of building the model and of solving
it, and the peak memory of this process in kB (the interpreter and its libraries included, `base_kb`).
"""
import json
import resource
import statistics
import sys

import numpy
from ortools.graph.python import min_cost_flow


def cpu_seconds():
    now = resource.getrusage(resource.RUSAGE_SELF)
    return now.ru_utime + now.ru_stime


def peak_kb():
    # Not ru_maxrss: that starts at what the parent process used.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def read_instance(path):
    with open(path, "rb") as file:
        if file.read(4) != b"BMI1":
            raise SystemExit(f"{path}: not a BMI1 file")
        experts, cases = (int(count) for count in numpy.fromfile(file, "<u4", 2))
        edges = int(numpy.fromfile(file, "<u8", 1)[0])
        capacity = numpy.fromfile(file, "u1", experts)
        rows = numpy.fromfile(file, "<i8", cases + 1)
        expert = numpy.fromfile(file, "<u4", edges)
        score = numpy.fromfile(file, "<i4", edges)
    return capacity, rows, expert, score


def build(capacity, rows, expert, score):
    """Cases are nodes 0.., experts follow, the sink comes last; each case sends one unit."""
    cases, experts = len(rows) - 1, len(capacity)
    sink = cases + experts
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        numpy.repeat(numpy.arange(cases, dtype=numpy.int32), numpy.diff(rows)),
        (expert + numpy.uint32(cases)).astype(numpy.int32),
        numpy.ones(len(expert), numpy.int64),
        -score.astype(numpy.int64),
    )
    usable = numpy.flatnonzero(capacity)
    flow.add_arcs_with_capacity_and_unit_cost(
        (usable + cases).astype(numpy.int32),
        numpy.full(len(usable), sink, numpy.int32),
        capacity[usable].astype(numpy.int64),
        numpy.zeros(len(usable), numpy.int64),
    )
    flow.set_nodes_supplies(numpy.arange(cases, dtype=numpy.int32), numpy.ones(cases, numpy.int64))
    flow.set_node_supply(sink, -cases)
    return flow


def main():
    repeats, path = int(sys.argv[1]), sys.argv[2]
    base_kb = peak_kb()
    instance = read_instance(path)
    build_s, solve_s = [], []
    for _ in range(repeats):
        flow = None  # Its memory is not to count twice.
        start = cpu_seconds()
        flow = build(*instance)
        built = cpu_seconds()
        if flow.solve_max_flow_with_min_cost() != flow.OPTIMAL:
            raise SystemExit(f"{path}: no optimum")
        build_s.append(built - start)
        solve_s.append(cpu_seconds() - built)
    print(
        json.dumps(
            {
                "cardinality": flow.maximum_flow(),
                "score": -flow.optimal_cost(),
                "build_s": statistics.median(build_s),
                "solve_s": statistics.median(solve_s),
                "base_kb": base_kb,
                "peak_kb": peak_kb(),
            }
        )
    )


main()
