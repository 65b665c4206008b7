//! Writes a realistic instance as a BMI1 file.
//!
//! `cargo run --release -p tandem-matching --example generate -- EXPERTS CASES plenty|scarce
//! PERCENT_AT_CENTRES CENTRES SEED FILE`

#[path = "support/generator.rs"]
mod generator;

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::process::ExitCode;

use generator::{Recipe, generate};
use tandem_matching::bmi;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [experts, cases, supply, at_centres, centres, seed, file] = arguments.as_slice() else {
        eprintln!("usage: generate EXPERTS CASES plenty|scarce PERCENT_AT_CENTRES CENTRES SEED FILE");
        return ExitCode::FAILURE;
    };
    match run([experts, cases, supply, at_centres, centres, seed], file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(
    [experts, cases, supply, at_centres, centres, seed]: [&String; 6],
    file: &str,
) -> Result<(), Box<dyn Error>> {
    let recipe = Recipe {
        experts: experts.parse()?,
        cases: cases.parse()?,
        scarce: match supply.as_str() {
            "plenty" => false,
            "scarce" => true,
            other => return Err(format!("{other}: neither plenty nor scarce").into()),
        },
        at_centres: at_centres.parse()?,
        centres: centres.parse()?,
        seed: seed.parse()?,
    };
    let instance = generate(&recipe).into_instance()?;
    bmi::write(&instance, BufWriter::new(File::create(file)?))?;
    println!(
        "{file}: {} experts, {} cases, {} pairs",
        instance.experts(),
        instance.cases(),
        instance.edges()
    );
    Ok(())
}
