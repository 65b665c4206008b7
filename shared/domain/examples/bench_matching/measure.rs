//! The plan of an instance: rows, solution, certificate, and what-if.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;

use serde_json::json;
use tandem_matching::{Instance, Objective, Silent, Solution, WhatIf, bmi, certify, solve};

use crate::{Result, cpu, median, peak_kb};

/// One instance on our side, in a process of its own because of the peak memory.
pub(crate) fn measure(runs: &str, file: &Path) -> Result<()> {
    let mut times: Vec<[f64; 4]> = Vec::new();
    let mut last = None;
    for _ in 0..runs.parse()? {
        drop(last.take());
        let parts = bmi::read(File::open(file)?, fs::metadata(file)?.len())?;
        let start = cpu()?;
        let instance = parts.into_instance()?;
        let rows = cpu()?;
        let solution = solve(&instance, Objective::Participation, &[], &mut Silent)?;
        let solved = cpu()?;
        let certificate = certify(&instance, Objective::Participation, &[], &solution)?;
        let end = cpu()?;
        times.push([rows - start, solved - rows, end - solved, end - start]);
        last = Some((instance, solution, certificate));
    }
    let (instance, solution, certificate) = last.ok_or("no runs asked for")?;
    let peak_kb = peak_kb()?;
    let part = |part: usize| median(times.iter().map(|time| time[part]).collect());
    let [rows_s, solve_s, certificate_s, cpu_s] = [0, 1, 2, 3].map(part);
    let (set_up_s, what_if_us, slowest_us) = what_if(&instance, &solution)?;
    let line = json!({
        "edges": instance.edges(), "cardinality": certificate.cardinality, "score": certificate.score,
        "rows_s": rows_s, "solve_s": solve_s, "certificate_s": certificate_s, "cpu_s": cpu_s,
        "peak_kb": peak_kb,
        "what_if_set_up_s": set_up_s, "what_if_us": what_if_us, "what_if_slowest_us": slowest_us,
    });
    println!("{line}");
    Ok(())
}

/// The set-up of what-if in seconds, and the mean and the slowest of a thousand questions "this expert
/// instead" in microseconds, asked all over the instance.
fn what_if(instance: &Instance, solution: &Solution) -> Result<(f64, f64, f64)> {
    let start = cpu()?;
    let mut what_if = WhatIf::new(instance, Objective::Participation, solution);
    let set_up = cpu()? - start;
    let (mut asked, mut sum, mut slowest) = (0, 0.0, 0.0_f64);
    for number in 0..1_000 {
        let case = number * 7_919 % instance.cases();
        let experts = instance.row(case).0;
        let usable: Vec<u32> = experts
            .iter()
            .copied()
            .filter(|&expert| instance.capacities()[expert as usize] > 0)
            .collect();
        let Some(&expert) = usable.get(number % usable.len().max(1)) else {
            continue;
        };
        let start = cpu()?;
        black_box(what_if.instead(case as u32, expert)?);
        let took = (cpu()? - start) * 1e6;
        (asked, sum, slowest) = (asked + 1, sum + took, slowest.max(took));
    }
    Ok((set_up, sum / f64::from(asked), slowest))
}
