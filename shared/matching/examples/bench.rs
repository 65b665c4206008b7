//! Compares the engine with OR-tools' `SimpleMinCostFlow` on the same instances.
//!
//! `cargo run --release -p tandem-matching --example bench -- [DIRECTORY] [LARGEST]`
//!
//! Makes instances in DIRECTORY (default `target/matching-bench`) with up to LARGEST experts (default
//! 1000000), and there a private Python environment with OR-tools and numpy. Prints a table and one line
//! of JSON for each instance; fails if an optimum differs. Medians of CPU time on one thread: on our side
//! everything from the unchecked parts of a file to the certificate, on theirs the solution alone. Peak
//! memory is that of the whole process.

#[path = "support/generator.rs"]
mod generator;

use std::error::Error;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use generator::{Recipe, generate};
use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tandem_matching::{Instance, Objective, Silent, Solution, WhatIf, bmi, certify, solve};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/ortools_optimum.py");
const PACKAGES: [&str; 2] = ["ortools==9.15.*", "numpy"];

/// Name, experts, cases, scarce, percent of cases at centres, centres, runs.
const INSTANCES: [(&str, usize, usize, bool, u32, usize, usize); 7] = [
    ("12k-3k", 12_000, 3_000, false, 40, 29, 9),
    ("12k-3k-centres", 12_000, 3_000, false, 100, 29, 9),
    ("12k-12k-scarce", 12_000, 12_000, true, 40, 29, 9),
    ("120k-30k", 120_000, 30_000, false, 40, 290, 3),
    ("120k-30k-centres", 120_000, 30_000, false, 100, 290, 3),
    ("120k-120k-scarce", 120_000, 120_000, true, 40, 290, 1),
    ("1M-250k", 1_000_000, 250_000, false, 40, 2_000, 1),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--measure", runs, file] => measure(runs, Path::new(file)),
        [] => compare(Path::new("target/matching-bench"), 1_000_000),
        [directory] => compare(Path::new(directory), 1_000_000),
        [directory, largest] => largest
            .parse()
            .map_err(Into::into)
            .and_then(|largest| compare(Path::new(directory), largest)),
        _ => Err("usage: bench [DIRECTORY] [LARGEST]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(directory: &Path, largest: usize) -> Result<()> {
    fs::create_dir_all(directory)?;
    let python = environment(directory)?;
    println!(
        "| instance | edges | ours ms | of these rows, certificate | OR-tools ms | ratio | ours MB | OR-tools MB | what-if us |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut lines = Vec::new();
    let mut differ = Vec::new();
    for (name, experts, cases, scarce, at_centres, centres, runs) in INSTANCES {
        if experts > largest {
            continue;
        }
        let file = directory.join(format!("{name}.bin"));
        if !file.exists() {
            make(
                &Recipe {
                    experts,
                    cases,
                    scarce,
                    at_centres,
                    centres,
                    seed: 1,
                },
                &file,
            )?;
        }
        let runs = runs.to_string();
        let mut ours = Command::new(std::env::current_exe()?);
        let ours = run(ours.args(["--measure", &runs]).arg(&file))?;
        let theirs = run(Command::new(&python).args([SCRIPT, &runs]).arg(&file))?;
        let same = ours["cardinality"] == theirs["cardinality"] && ours["score"] == theirs["score"];
        if !same {
            differ.push(name);
        }
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let ratio = number(&theirs["solve_s"]) / number(&ours["cpu_s"]);
        println!(
            "| {name} | {} | {:.2} | {:.2}, {:.2} | {:.0} | {ratio:.0}x | {:.0} | {:.0} | {:.1} |",
            ours["edges"],
            number(&ours["cpu_s"]) * 1e3,
            number(&ours["rows_s"]) * 1e3,
            number(&ours["certificate_s"]) * 1e3,
            number(&theirs["solve_s"]) * 1e3,
            number(&ours["peak_kb"]) / 1e3,
            number(&theirs["peak_kb"]) / 1e3,
            number(&ours["what_if_us"]),
        );
        lines.push(
            json!({ "instance": name, "equal": same, "ratio": ratio, "ours": ours, "ortools": theirs }),
        );
    }
    for line in lines {
        println!("{line}");
    }
    if differ.is_empty() {
        Ok(())
    } else {
        Err(format!("optima differ: {}", differ.join(", ")).into())
    }
}

/// The Python of a private environment with OR-tools, made when it is missing.
fn environment(directory: &Path) -> Result<PathBuf> {
    let environment = directory.join("python");
    let python = environment.join("bin/python");
    let ready = environment.join("ready");
    if !ready.exists() {
        let status = Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment)
            .status()?;
        if !status.success() {
            return Err("python3 -m venv failed: install python3 with its venv module".into());
        }
        let status = Command::new(&python)
            .args(["-m", "pip", "install", "-q"])
            .args(PACKAGES)
            .status()?;
        if !status.success() {
            return Err(format!("pip could not install {}", PACKAGES.join(" and ")).into());
        }
        File::create(ready)?;
    }
    Ok(python)
}

fn make(recipe: &Recipe, file: &Path) -> Result<()> {
    let instance = generate(recipe).into_instance()?;
    let unfinished = file.with_extension("unfinished");
    bmi::write(&instance, BufWriter::new(File::create(&unfinished)?))?;
    Ok(fs::rename(unfinished, file)?)
}

/// Runs a program that prints one line of JSON.
fn run(command: &mut Command) -> Result<Value> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// One instance on our side, in a process of its own because of the peak memory.
fn measure(runs: &str, file: &Path) -> Result<()> {
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
    let [rows_s, solve_s, certificate_s, cpu_s] = [0, 1, 2, 3].map(|part| median(&times, part));
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

fn median(times: &[[f64; 4]], part: usize) -> f64 {
    let mut values: Vec<f64> = times.iter().map(|time| time[part]).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The CPU time of this thread, in seconds.
fn cpu() -> nix::Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

/// The most memory this process has used.
fn peak_kb() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
