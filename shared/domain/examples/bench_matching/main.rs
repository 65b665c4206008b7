//! Measures bulk matching at every size: candidates, plan, certificate, what-if, and OR-tools'
//! `SimpleMinCostFlow` on the same instances.
//!
//! `cargo run --release -p tandem-domain --example bench_matching -- [--into DIRECTORY] [INSTANCE …]`
//!
//! Invents programmes (all of them, or those that are named), gathers their candidates as the product does
//! (the best 200 of each row, extended until the plan is the best one of the whole), and writes the instances
//! that come out into DIRECTORY (default `target/matching-bench`), where it also makes a private Python
//! environment with OR-tools and numpy. Prints a table and one line of JSON for each instance; fails if an
//! optimum differs. Medians of CPU time on one thread: of the plan, on our side everything from the unchecked
//! parts of a file to the certificate, on theirs the solution alone. Peak memory is that of the whole process
//! that solves. Of two threads, the time that passes. `candidates_first_s` is the first time in a process, which
//! learns then who is near whom.

mod gather;
mod measure;
mod programme;

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use programme::Recipe;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../matching/bench/ortools_optimum.py"
);
const PACKAGES: [&str; 2] = ["ortools==9.15.*", "numpy"];

/// Name, what it is like, and how often it is solved. In a tight one there is room for a few cases less than there
/// are, which is where plans are hardest to find.
const INSTANCES: [(&str, Recipe, usize); 9] = [
    ("12k-3k", recipe(12_000, 3_000, false, 40, 29), 9),
    ("12k-3k-centres", recipe(12_000, 3_000, false, 100, 29), 9),
    ("12k-9k-tight", recipe(12_000, 9_000, false, 40, 29), 9),
    ("12k-12k-scarce", recipe(12_000, 12_000, true, 40, 29), 9),
    ("120k-30k", recipe(120_000, 30_000, false, 40, 290), 3),
    ("120k-30k-centres", recipe(120_000, 30_000, false, 100, 290), 3),
    ("120k-90k-tight", recipe(120_000, 90_000, false, 40, 290), 1),
    ("120k-120k-scarce", recipe(120_000, 120_000, true, 40, 290), 1),
    ("1M-250k", recipe(1_000_000, 250_000, false, 40, 2_000), 1),
];

const fn recipe(experts: usize, cases: usize, scarce: bool, at_centres: u32, centres: usize) -> Recipe {
    Recipe {
        experts,
        cases,
        scarce,
        at_centres,
        centres,
        seed: 1,
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["--measure", runs, file] => measure::measure(runs, Path::new(file)),
        ["--gather", name, file] => gather(name, Path::new(file)),
        ["--into", directory, names @ ..] => compare(Path::new(directory), names),
        names => compare(Path::new("target/matching-bench"), names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn gather(name: &str, file: &Path) -> Result<()> {
    let (_, recipe, runs) = INSTANCES
        .iter()
        .find(|instance| instance.0 == name)
        .ok_or("no instance has this name")?;
    gather::gather(recipe, *runs, file)
}

fn compare(directory: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        if INSTANCES.iter().all(|instance| instance.0 != *name) {
            let known: Vec<&str> = INSTANCES.iter().map(|instance| instance.0).collect();
            return Err(format!("no instance is called {name:?}: there are {}", known.join(", ")).into());
        }
    }
    fs::create_dir_all(directory)?;
    let python = environment(directory)?;
    println!(
        "| instance | optimum equal | pairs | candidates ms (2 threads) | rounds | plan ms | of it rows, certificate | \
         candidates / plan | whole ms | OR-tools ms | ratio | MB | OR-tools MB | what-if us |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    let mut lines = Vec::new();
    let mut differ = Vec::new();
    for (name, _, runs) in INSTANCES {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        let file = directory.join(format!("{name}.bin"));
        let runs = runs.to_string();
        let this = std::env::current_exe()?;
        let gathered = run(Command::new(&this).args(["--gather", name]).arg(&file))?;
        let ours = run(Command::new(&this).args(["--measure", &runs]).arg(&file))?;
        let theirs = run(Command::new(&python).args([SCRIPT, &runs]).arg(&file))?;
        let same = ours["cardinality"] == theirs["cardinality"] && ours["score"] == theirs["score"];
        if !same {
            differ.push(name);
        }
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let ratio = number(&theirs["solve_s"]) / number(&ours["cpu_s"]);
        let candidates = number(&gathered["candidates_s"]);
        println!(
            "| {name} | {} | {} | {:.1} ({:.1}) | {} | {:.2} | {:.2}, {:.2} | {:.1}x | {:.1} | {:.0} | {ratio:.0}x | \
             {:.0} | {:.0} | {:.1} |",
            if same { "yes" } else { "NO" },
            ours["edges"],
            candidates * 1e3,
            number(&gathered["candidates_two_threads_s"]) * 1e3,
            gathered["rounds"],
            number(&ours["cpu_s"]) * 1e3,
            number(&ours["rows_s"]) * 1e3,
            number(&ours["certificate_s"]) * 1e3,
            candidates / number(&ours["cpu_s"]),
            number(&gathered["whole_s"]) * 1e3,
            number(&theirs["solve_s"]) * 1e3,
            number(&ours["peak_kb"]) / 1e3,
            number(&theirs["peak_kb"]) / 1e3,
            number(&ours["what_if_us"]),
        );
        lines.push(json!({
            "instance": name, "equal": same, "ratio": ratio,
            "gathered": gathered, "ours": ours, "ortools": theirs,
        }));
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

/// Runs a program that prints one line of JSON.
fn run(command: &mut Command) -> Result<Value> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
