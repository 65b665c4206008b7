//! Writes one document of each kind into a folder: `cargo run -p tandem-documents --example documents [FOLDER]`.

use std::path::PathBuf;

use tandem_documents::{render, samples};

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("target/documents"), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let at = "2026-11-27T09:00:00Z".parse()?;
    for (name, content) in samples::all() {
        let path = folder.join(format!("{name}.pdf"));
        std::fs::write(&path, render(&content, at)?)?;
        println!("{}", path.display());
    }
    Ok(())
}
