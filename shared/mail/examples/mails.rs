//! Renders every mail in every language with sample data into a folder, with an index page.
//!
//! `cargo run -p tandem-mail --example mails -- DIR`

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Context as _;
use askama::filters::{Html, escape};
use tandem_mail::samples;

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .context("expected the folder to write into, for example target/mails")?
        .into();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;

    let mut rows = String::new();
    let mut count = 0;
    for sample in samples::all() {
        for &language in sample.mail.languages() {
            let mail = sample.mail.render(language);
            let stem = format!("{}.{language}", sample.name);
            let write = |name: &str, content: &str| {
                let path = folder.join(name);
                fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
            };
            write(&format!("{stem}.html"), &mail.html)?;
            write(
                &format!("{stem}.txt"),
                &format!("{}\n\n{}", mail.subject, mail.text),
            )?;
            writeln!(
                rows,
                "<tr><td>{}<br><small>{}</small><td>{language}<td>{}<td><a href=\"{stem}.html\">HTML</a> \
                 <a href=\"{stem}.txt\">Text</a>",
                sample.mail.trigger(),
                sample.about,
                escape(&mail.subject, Html)?
            )?;
            count += 1;
        }
    }
    let index = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>All mails</title>\n\
         <style>body {{ font: 18px/1.5 sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}\n\
         td, th {{ text-align: left; vertical-align: top; padding: .4rem 1rem .4rem 0; border-bottom: 1px solid #ccc }}\n\
         @media (max-width: 40rem) {{ table, tbody, tr, td {{ display: block }} th {{ display: none }} \
         td {{ border: 0; padding: .1rem 0 }} tr {{ border-bottom: 1px solid #ccc; padding: .6rem 0 }} }}\n\
         </style>\n<h1>All mails</h1>\n\
         <table>\n<tr><th>Mail<th>Language<th>Subject<th>Parts\n{rows}</table>\n"
    );
    let path = folder.join("index.html");
    fs::write(&path, index).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{count} mails in {}", path.display());
    Ok(())
}
