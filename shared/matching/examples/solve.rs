//! Solves and certifies instances: `cargo run --release -p tandem-matching --example solve -- FILE…`
//!
//! Prints one line of JSON for each BMI1 file. `cpu_s` is the CPU time of this thread for the
//! preparation of the rows, the solution and its certificate, reading the file left out.

use std::fs::File;
use std::process::ExitCode;

use nix::time::{ClockId, clock_gettime};
use tandem_matching::{Objective, Silent, bmi, certify, solve};

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for path in std::env::args().skip(1) {
        match run(&path) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("{path}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn run(path: &str) -> Result<String, Box<dyn std::error::Error>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let parts = bmi::read(file, length)?;
    let start = cpu()?;
    let instance = parts.into_instance()?;
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent)?;
    let certificate = certify(&instance, Objective::Participation, &[], &solution)?;
    let cpu = cpu()? - start;
    Ok(format!(
        r#"{{"instance":{path:?},"cardinality":{},"score":{},"certified":true,"cpu_s":{cpu:.6}}}"#,
        certificate.cardinality, certificate.score
    ))
}

/// The CPU time of this thread, in seconds.
fn cpu() -> nix::Result<f64> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?;
    Ok(time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}
