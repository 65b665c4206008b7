//! What came of an import.

use std::io::Write;

use super::Kind;

/// What is wrong with a row, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The column's header as it stands in the file; empty where it is about the whole row.
    pub column: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// A row that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line on which it begins, the header being line 1.
    pub line: u64,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
    /// The cells as they stand in the file.
    pub cells: Vec<String>,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Of what.
    pub kind: Kind,
    /// Rows that were new.
    pub created: usize,
    /// Rows that changed something.
    pub updated: usize,
    /// Rows that said what was there already.
    pub unchanged: usize,
    /// Rows that were not taken over.
    pub bad: Vec<BadRow>,
    /// Headers that mean nothing here.
    pub ignored_columns: Vec<String>,
    pub(super) headers: Vec<String>,
    pub(super) separator: u8,
}

impl Report {
    /// How many rows the file had.
    pub fn rows(&self) -> usize {
        self.created + self.updated + self.unchanged + self.bad.len()
    }

    /// Writes the bad rows as they stand in the file, with line, column and reason before them. Corrected, the
    /// file can be imported as it is. UTF-8 with a byte order mark, so that spreadsheets show umlauts.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_bad_rows(&self, mut to: impl Write) -> std::io::Result<()> {
        to.write_all("\u{feff}".as_bytes())?;
        let mut writer = csv::WriterBuilder::new()
            .delimiter(self.separator)
            .flexible(true)
            .from_writer(to);
        let own = |header: &str| matches!(header.to_lowercase().as_str(), "line" | "column" | "reason");
        let kept: Vec<usize> = (0..self.headers.len())
            .filter(|position| !own(&self.headers[*position]))
            .collect();
        let headers = kept.iter().map(|position| self.headers[*position].as_str());
        writer.write_record(["line", "column", "reason"].into_iter().chain(headers))?;
        for row in &self.bad {
            let joined =
                |of: fn(&Problem) -> &str| row.problems.iter().map(of).collect::<Vec<_>>().join(" | ");
            let line = row.line.to_string();
            let (columns, reasons) = (
                joined(|problem| &problem.column),
                joined(|problem| &problem.reason),
            );
            let cells = kept
                .iter()
                .map(|position| row.cells.get(*position).map_or("", String::as_str));
            writer.write_record([line.as_str(), &columns, &reasons].into_iter().chain(cells))?;
        }
        writer.flush()
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}: {} rows, {} new, {} changed, {} unchanged, {} refused",
            self.kind,
            self.rows(),
            self.created,
            self.updated,
            self.unchanged,
            self.bad.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_file_names_line_column_and_reason_and_keeps_the_row() {
        let report = Report {
            kind: Kind::Experts,
            created: 1,
            updated: 0,
            unchanged: 0,
            bad: vec![BadRow {
                line: 7,
                problems: vec![
                    Problem {
                        column: "PLZ".into(),
                        reason: "does not exist".into(),
                    },
                    Problem {
                        column: "E-Mail".into(),
                        reason: "is not valid".into(),
                    },
                ],
                cells: vec!["4711".into(), "99999".into(), "x".into(), "old".into()],
            }],
            ignored_columns: vec![],
            headers: ["Nummer", "PLZ", "E-Mail", "reason"].map(String::from).into(),
            separator: b';',
        };
        let mut bytes = Vec::new();
        report.write_bad_rows(&mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\u{feff}line;column;reason;Nummer;PLZ;E-Mail\n7;PLZ | E-Mail;does not exist | is not valid;4711;99999;x\n"
        );
        assert_eq!(
            report.to_string(),
            "experts: 2 rows, 1 new, 0 changed, 0 unchanged, 1 refused"
        );
    }
}
