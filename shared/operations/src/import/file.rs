//! A list as spreadsheets write it: encoding, separator, header, rows with the lines they stand on.

use std::collections::HashMap;

use tandem_domain::text::fold_name;

/// A column that a kind of list may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// The field, as the API calls it; accepted as header as well.
    pub(super) field: &'static str,
    /// Other headers, in English and German. Case, umlauts, hyphens and blanks make no difference.
    pub(super) names: &'static [&'static str],
    /// Whether a list without this column is refused as a whole.
    pub(super) needed: bool,
}

/// Declares a column.
pub(super) const fn column(field: &'static str, names: &'static [&'static str]) -> Column {
    Column {
        field,
        names,
        needed: false,
    }
}

/// Declares a column that has to be there.
pub(super) const fn needed(field: &'static str, names: &'static [&'static str]) -> Column {
    Column {
        field,
        names,
        needed: true,
    }
}

/// A list that was read.
#[derive(Debug)]
pub(super) struct Table {
    /// The headers as they stand in the file.
    pub(super) headers: Vec<String>,
    /// Which cell of a row belongs to which field.
    positions: HashMap<&'static str, usize>,
    /// Headers that no column answers to.
    pub(super) ignored: Vec<String>,
    /// What separates the cells.
    pub(super) separator: u8,
    /// The rows, blank ones left out.
    pub(super) rows: Vec<Record>,
}

/// A row with the line on which it begins, the header being line 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The line.
    pub(super) line: u64,
    /// The cells, trimmed.
    pub(super) cells: Vec<String>,
}

/// Headers of the error file that this program writes itself: corrected, it can be imported again.
const OWN_HEADERS: [&str; 3] = ["line", "column", "reason"];

/// The text of a file: UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, else Windows-1252.
fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[mark..])
            .0
            .into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned(),
    }
}

/// The separator that stands most often in the header line, outside quotes.
fn separator(header: &str) -> u8 {
    let mut counts = [(0_usize, b','), (0, b';'), (0, b'\t')];
    let mut quoted = false;
    for byte in header.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            _ if quoted => {}
            _ => {
                for (count, separator) in &mut counts {
                    *count += usize::from(byte == *separator);
                }
            }
        }
    }
    // the comma where none stands there at all: a list of one column
    counts
        .into_iter()
        .rev()
        .max_by_key(|(count, _)| *count)
        .map_or(b',', |(_, separator)| separator)
}

fn key(header: &str) -> String {
    fold_name(header).replace(' ', "")
}

/// Reads a list.
///
/// # Errors
/// What makes the file as a whole unusable, in words: no rows, a needed column missing, a column twice.
pub(super) fn read(bytes: &[u8], columns: &[Column]) -> Result<Table, String> {
    let text = decode(bytes);
    // a line that some spreadsheets write to tell each other the separator
    let hint = text
        .lines()
        .next()
        .and_then(|line| line.trim().strip_prefix("sep="))
        .and_then(|rest| rest.bytes().next());
    let (text, separator, skipped) = match hint {
        Some(separator) => (text.split_once('\n').map_or("", |(_, rest)| rest), separator, 1),
        None => (
            text.as_str(),
            separator(text.lines().next().unwrap_or_default()),
            0,
        ),
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers: Vec<String> = reader
        .headers()
        .map_err(|error| error.to_string())?
        .iter()
        .map(str::to_owned)
        .collect();
    if headers.iter().all(String::is_empty) {
        return Err("the file is empty: the first line must name the columns".into());
    }
    let mut positions = HashMap::new();
    let mut ignored = Vec::new();
    for (position, header) in headers.iter().enumerate() {
        let wanted = key(header);
        let column = columns.iter().find(|column| {
            key(column.field) == wanted || column.names.iter().any(|name| key(name) == wanted)
        });
        match column {
            Some(column) => {
                if let Some(first) = positions.insert(column.field, position) {
                    return Err(format!(
                        "the columns {:?} and {header:?} mean the same ({}): leave one of them out",
                        headers[first], column.field
                    ));
                }
            }
            None if header.is_empty() || OWN_HEADERS.contains(&wanted.as_str()) => {}
            None => ignored.push(header.clone()),
        }
    }
    let missing: Vec<&str> = columns
        .iter()
        .filter(|column| column.needed && !positions.contains_key(column.field))
        .map(|column| column.field)
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "the column {} is missing; the file has {} (is the separator {:?}?)",
            missing.join(", "),
            headers.join(", "),
            char::from(separator)
        ));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let line = record.position().map_or(0, |at| line_of(text, at)) + skipped;
            rows.push(Record { line, cells });
        }
    }
    Ok(Table {
        headers,
        positions,
        ignored,
        separator,
        rows,
    })
}

/// The line on which a record begins. The reader notes its place before it passes over the rest of the
/// line before (the \n of \r\n) and over empty lines.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = text.as_bytes().get(at.byte() as usize..).unwrap_or_default();
    let passed = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + passed.filter(|byte| **byte == b'\n').count() as u64
}

impl Table {
    /// The cell of a field; none where the list has no such column.
    pub(super) fn cell<'a>(&self, record: &'a Record, field: &str) -> Option<&'a str> {
        let position = *self.positions.get(field)?;
        Some(record.cells.get(position).map_or("", String::as_str))
    }

    /// The header under which a field stands, or the field's own name.
    pub(super) fn header(&self, field: &str) -> String {
        self.positions
            .get(field)
            .map_or_else(|| field.to_owned(), |position| self.headers[*position].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        needed("externalId", &["Nummer"]),
        column("postalCode", &["PLZ"]),
        column("street", &["Straße"]),
    ];

    fn cells(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let table = read(bytes, &COLUMNS).unwrap();
        table
            .rows
            .iter()
            .map(|row| {
                let cell = |field| table.cell(row, field).unwrap().to_owned();
                (row.line, cell("externalId"), cell("street"))
            })
            .collect()
    }

    #[test]
    fn every_way_in_which_spreadsheets_write_a_list_is_read() {
        let expected = vec![(2, "7".to_owned(), "Große Straße 1".to_owned())];
        let comma = "externalId,street\n7,Große Straße 1\n";
        assert_eq!(cells(comma.as_bytes()), expected);
        assert_eq!(
            cells("\u{feff}Nummer;Straße\r\n7;Große Straße 1\r\n".as_bytes()),
            expected
        );
        assert_eq!(cells(b"Nummer;Stra\xdfe\r\n7;Gro\xdfe Stra\xdfe 1\r\n"), expected);
        assert_eq!(cells("Nummer\tStrasse\n7\tGroße Straße 1".as_bytes()), expected);
        let utf16: Vec<u8> = "\u{feff}Nummer;Straße\n7;Große Straße 1"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(cells(&utf16), expected);
    }

    #[test]
    fn a_line_that_names_the_separator_is_understood_and_counted() {
        assert_eq!(
            cells("sep=;\nNummer;Straße\n7;A\n".as_bytes()),
            [(3, "7".to_owned(), "A".to_owned())]
        );
    }

    #[test]
    fn quoted_cells_may_hold_separators_and_line_breaks_and_lines_stay_right() {
        let text = "externalId,street\n1,\"A, B\"\n2,\"C\nD\"\n;,\n,\n3,E\n";
        let found = cells(text.as_bytes());
        assert_eq!(found[0], (2, "1".into(), "A, B".into()));
        assert_eq!(found[1], (3, "2".into(), "C\nD".into()));
        assert_eq!(found.last().unwrap(), &(7, "3".into(), "E".into()));
    }

    #[test]
    fn a_separator_inside_a_quoted_header_does_not_count() {
        assert_eq!(separator("\"a;b;c\",d"), b',');
        assert_eq!(separator("alone"), b',');
    }

    #[test]
    fn a_list_without_a_needed_column_or_with_one_twice_is_refused_as_a_whole() {
        let missing = read(b"street;PLZ\nA;01067\n", &COLUMNS).unwrap_err();
        assert!(
            missing.contains("externalId") && missing.contains("street, PLZ"),
            "{missing}"
        );
        let twice = read(b"externalId,PLZ,postalCode\n", &COLUMNS).unwrap_err();
        assert!(twice.contains("PLZ") && twice.contains("postalCode"), "{twice}");
        assert!(read(b"", &COLUMNS).is_err());
    }

    #[test]
    fn unknown_columns_are_named_and_those_of_an_error_file_are_not() {
        let table = read(b"line,column,reason,externalId,shoe size\n2,a,b,7,43\n", &COLUMNS).unwrap();
        assert_eq!(table.ignored, ["shoe size"]);
    }
}
