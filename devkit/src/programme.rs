//! A believable programme for the demo and for tests: offices, centres, experts and cases, written as
//! the very lists that `tandem-api import` takes (docs/import.md).
//!
//! Nobody in it exists: names are put together at random, addresses end in `example.org`. The same plan gives
//! the same files, byte for byte; all dates are relative to its day.

mod cases;
mod experts;
mod names;
mod occupations;
mod organisation;
mod places;

use std::path::Path;

use chrono::NaiveDate;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many experts.
    pub experts: usize,
    /// How many cases, over all centres.
    pub cases: usize,
    /// Another seed is another programme.
    pub seed: u64,
    /// The day on which it is imported: dates lie around it.
    pub day: NaiveDate,
}

/// The four lists, in the order in which they are imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lists {
    /// 15 regional offices.
    pub offices: String,
    /// 29 service centres.
    pub centers: String,
    /// Senior Experts with checks and trainings.
    pub experts: String,
    /// Mentees with their cases.
    pub cases: String,
}

/// Makes the lists of a plan.
pub fn generate(plan: &Plan) -> Lists {
    // Each list has its own stream, so that more experts do not change the cases.
    let stream = |number| {
        let mut rng = ChaCha20Rng::seed_from_u64(plan.seed);
        rng.set_stream(number);
        rng
    };
    Lists {
        offices: organisation::offices(),
        centers: organisation::centers(),
        experts: experts::list(plan, &mut stream(1)),
        cases: cases::list(plan, &mut stream(2)),
    }
}

impl Lists {
    /// Each list's kind, as `tandem-api import` calls it, and its text, in the order of their import.
    pub fn named(&self) -> [(&'static str, &str); 4] {
        [
            ("offices", &self.offices),
            ("centers", &self.centers),
            ("experts", &self.experts),
            ("cases", &self.cases),
        ]
    }

    /// Writes `offices.csv`, `centers.csv`, `experts.csv` and `cases.csv`.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in self.named() {
            std::fs::write(folder.join(format!("{name}.csv")), text)?;
        }
        Ok(())
    }
}

/// The first so many rows of a list, and the others, both under its header.
pub fn split(list: &str, first: usize) -> (String, String) {
    let mut reader = csv::Reader::from_reader(list.as_bytes());
    let header = reader.headers().expect("a list has a header").clone();
    let mut parts = [
        csv::Writer::from_writer(Vec::new()),
        csv::Writer::from_writer(Vec::new()),
    ];
    for part in &mut parts {
        part.write_record(&header).expect("writing to memory");
    }
    for (row, number) in reader.records().zip(0..) {
        let row = row.expect("a list has rows of equal length");
        parts[usize::from(number >= first)]
            .write_record(&row)
            .expect("writing to memory");
    }
    let [first, others] = parts.map(|part| {
        String::from_utf8(part.into_inner().expect("writing to memory")).expect("made of strings")
    });
    (first, others)
}

/// A list with its header.
fn csv<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("writing to memory");
    for row in rows {
        writer.write_record(row).expect("writing to memory");
    }
    String::from_utf8(writer.into_inner().expect("writing to memory")).expect("made of strings")
}

/// One of several things, the heavier the more often. Weights are whole numbers above zero.
fn pick<'a, T>(rng: &mut ChaCha20Rng, things: &'a [(T, u32)]) -> &'a T {
    use rand::RngExt as _;
    let all: u32 = things.iter().map(|(_, weight)| weight).sum();
    let mut rest = rng.random_range(0..all);
    for (thing, weight) in things {
        if rest < *weight {
            return thing;
        }
        rest -= weight;
    }
    unreachable!("the weights add up")
}

/// One of several things, each as often.
fn one<'a, T>(rng: &mut ChaCha20Rng, things: &'a [T]) -> &'a T {
    use rand::RngExt as _;
    &things[rng.random_range(0..things.len())]
}

/// Whether something with a chance in a hundred happens.
fn chance(rng: &mut ChaCha20Rng, percent: u32) -> bool {
    use rand::RngExt as _;
    rng.random_range(0..100) < percent
}

/// Several different ones of some things, the heavier the more often.
fn several<T: Copy + PartialEq>(rng: &mut ChaCha20Rng, things: &[(T, u32)], count: usize) -> Vec<T> {
    let mut chosen = Vec::with_capacity(count);
    while chosen.len() < count.min(things.len()) {
        let thing = *pick(rng, things);
        if !chosen.contains(&thing) {
            chosen.push(thing);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn plan() -> Plan {
        Plan {
            experts: 600,
            cases: 150,
            seed: 7,
            day: "2026-11-23".parse().unwrap(),
        }
    }

    fn column(list: &str, name: &str) -> Vec<String> {
        let mut reader = csv::Reader::from_reader(list.as_bytes());
        let position = reader
            .headers()
            .unwrap()
            .iter()
            .position(|header| header == name)
            .unwrap();
        reader
            .records()
            .map(|row| row.unwrap()[position].to_owned())
            .collect()
    }

    #[test]
    fn the_same_plan_gives_the_same_lists_and_another_seed_others() {
        assert_eq!(generate(&plan()), generate(&plan()));
        let other = generate(&Plan { seed: 8, ..plan() });
        assert_ne!(generate(&plan()).experts, other.experts);
        assert_ne!(generate(&plan()).cases, other.cases);
    }

    #[test]
    fn there_are_as_many_as_planned_each_with_its_own_address() {
        let lists = generate(&plan());
        assert_eq!(column(&lists.offices, "externalId").len(), 15);
        assert_eq!(column(&lists.centers, "externalId").len(), 29);
        for (list, count) in [(&lists.experts, 600), (&lists.cases, 150)] {
            let ids: HashSet<String> = column(list, "externalId").into_iter().collect();
            assert_eq!(ids.len(), count);
            let addresses: Vec<String> = column(list, "email")
                .into_iter()
                .filter(|email| !email.is_empty())
                .collect();
            assert!(
                addresses
                    .iter()
                    .all(|email| email.ends_with("@example.org") && email.is_ascii())
            );
            assert_eq!(addresses.iter().collect::<HashSet<_>>().len(), addresses.len());
        }
    }

    #[test]
    fn every_centre_has_cases_and_they_are_not_spread_evenly() {
        let lists = generate(&Plan {
            cases: 3_000,
            ..plan()
        });
        let of = column(&lists.cases, "center");
        let mut counts: Vec<usize> = column(&lists.centers, "externalId")
            .iter()
            .map(|center| of.iter().filter(|other| *other == center).count())
            .collect();
        counts.sort_unstable();
        assert!(counts[0] >= 20 && counts[28] >= 4 * counts[0], "{counts:?}");
    }

    #[test]
    fn cases_wait_between_one_and_two_hundred_days() {
        let lists = generate(&plan());
        for submitted in column(&lists.cases, "submittedOn") {
            let days = (plan().day - submitted.parse::<NaiveDate>().unwrap()).num_days();
            assert!((1..=200).contains(&days), "{days}");
        }
    }

    #[test]
    fn a_list_falls_into_two_that_have_its_rows() {
        let cases = generate(&plan()).cases;
        let (first, others) = split(&cases, 40);
        let ids = |list: &str| column(list, "externalId");
        assert_eq!(ids(&first), ids(&cases)[..40]);
        assert_eq!(ids(&others), ids(&cases)[40..]);
        assert_eq!(split(&cases, 150).0, cases);
    }

    #[test]
    fn experts_are_from_sixty_to_eighty_five() {
        use chrono::Datelike as _;
        let years: Vec<i32> = column(&generate(&plan()).experts, "birthDate")
            .iter()
            .map(|date| 2026 - date.parse::<NaiveDate>().unwrap().year())
            .collect();
        assert!(years.iter().all(|age| (60..=86).contains(age)));
    }
}
