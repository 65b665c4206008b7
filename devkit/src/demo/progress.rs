//! How far a run is: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows one run's progress.
pub(super) enum Progress {
    /// A terminal draws it.
    Bar(ProgressBar),
    /// A log gets a line for each phase.
    Lines {
        /// The phase that was told last.
        told: String,
    },
}

impl Progress {
    /// Whichever fits where the output goes.
    pub(super) fn new() -> Self {
        if std::io::stdout().is_terminal() {
            let style = ProgressStyle::with_template("  {msg:12} [{bar:40}] {pos}/{len}")
                .expect("the template is well-formed")
                .progress_chars("=> ");
            Self::Bar(ProgressBar::new(0).with_style(style))
        } else {
            Self::Lines { told: String::new() }
        }
    }

    /// The run is here now.
    pub(super) fn tell(&mut self, phase: &str, done: u64, total: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(total.max(1));
                bar.set_position(done);
                bar.set_message(phase.to_lowercase());
            }
            Self::Lines { told } if told != phase => {
                println!("  {}", phase.to_lowercase());
                phase.clone_into(told);
            }
            Self::Lines { .. } => {}
        }
    }

    /// It is over.
    pub(super) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
