//! The occupations, languages and offices that occur among the experts, as numbers.

use std::ops::Range;

use crate::experts::OccupationKind;
use crate::ids::OfficeId;
use crate::occupations::{KldbCode, PACKED_BASE, PACKED_CODES};
use crate::values::Language;

/// So many languages besides German fit into a word.
const LANGUAGES: usize = 32;
/// The most codes that fit into sheets, each as occupation and as interest.
const CODES: usize = (u16::MAX as usize) / 2;
/// Packed numbers of as many digits as an occupational group has are codes divided by this.
const BELOW_GROUP: u32 = PACKED_BASE.pow(KldbCode::MAX_DIGITS as u32 - 3);
/// No group.
pub(super) const NO_GROUP: u16 = u16::MAX;

/// The occupational group of a packed code, its first three digits, of which the last is 0 where the code has
/// no more than two.
fn group(packed: u32) -> u32 {
    packed / BELOW_GROUP
}

/// The occupational field of a group, its first two digits; none where it has no two.
fn field(group: u32) -> Option<u32> {
    let field = group / PACKED_BASE;
    (!field.is_multiple_of(PACKED_BASE)).then_some(field)
}

/// The occupations, languages and offices that occur among the experts.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Packed; rising once the dictionary is finished.
    pub(super) codes: Vec<u32>,
    /// The occupational groups of the codes that have a field, packed and rising: those of a field follow upon
    /// each other.
    groups: Vec<u32>,
    /// For each group the places of those of its field.
    pub(super) fields: Vec<Range<u16>>,
    /// The place of the group of each slot among them: of codes as occupations, of codes as interests, and of
    /// nothing.
    pub(super) group_of: Vec<u16>,
    /// One more than the place of each packed code among them; 0 for those that do not occur.
    places: Vec<u16>,
    /// Packed.
    languages: Vec<u32>,
    german: u32,
    offices: Vec<OfficeId>,
}

impl Dictionary {
    pub(super) fn new() -> Self {
        Self {
            codes: Vec::new(),
            groups: Vec::new(),
            fields: Vec::new(),
            group_of: Vec::new(),
            places: vec![0; PACKED_CODES],
            languages: Vec::new(),
            german: Language::german().packed(),
            offices: Vec::new(),
        }
    }

    /// What stands for a code in a sheet until the dictionary is finished; none where no more fit.
    pub(super) fn code(&mut self, code: KldbCode, kind: OccupationKind) -> Option<u16> {
        let place = &mut self.places[code.packed() as usize];
        if *place == 0 {
            if self.codes.len() == CODES {
                return None;
            }
            self.codes.push(code.packed());
            *place = self.codes.len() as u16;
        }
        Some(2 * *place - u16::from(kind != OccupationKind::Interest))
    }

    /// Puts the codes into their order. The answer is the slot of everything that stands in sheets.
    fn sort(&mut self) -> Vec<u16> {
        let count = self.codes.len();
        self.codes.sort_unstable();
        let nothing = 2 * count;
        let mut slots = vec![nothing as u16; nothing + 1];
        self.group_of = vec![NO_GROUP; nothing + 1];
        for (index, code) in self.codes.iter().enumerate() {
            let seen = 2 * usize::from(self.places[*code as usize]);
            slots[seen - 1] = index as u16;
            slots[seen] = (count + index) as u16;
            let group = group(*code);
            if field(group).is_some() {
                if self.groups.last() != Some(&group) {
                    self.groups.push(group);
                }
                let place = self.groups.len() as u16 - 1;
                self.group_of[index] = place;
                self.group_of[count + index] = place;
            }
        }
        let mut end = 0;
        for same in self.groups.chunk_by(|one, other| field(*one) == field(*other)) {
            let first = end;
            end += same.len() as u16;
            self.fields.resize(usize::from(end), first..end);
        }
        slots
    }

    /// How many occupational groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The places of a code's group and of all groups of its field, whether or not the code itself occurs.
    pub(super) fn group_and_field(&self, packed: u32) -> Option<(Option<u16>, &Range<u16>)> {
        let group = group(packed);
        let place = self.groups.partition_point(|other| *other < group);
        let own = self.groups.get(place) == Some(&group);
        // one of the field stands here, or else right before
        let same = |place: &usize| {
            self.groups
                .get(*place)
                .is_some_and(|other| field(*other) == field(group))
        };
        let place = Some(place).filter(same).or(place.checked_sub(1).filter(same))?;
        Some((own.then_some(place as u16), &self.fields[place]))
    }

    /// Ends the making. The answer is the slot of everything that stands in sheets until now.
    pub(super) fn finish(&mut self) -> Vec<u16> {
        let slots = self.sort();
        self.places = Vec::new();
        slots
    }

    /// The bit of a language besides German; none for one that has no bit.
    fn bit(&self, language: u32) -> Option<u32> {
        let number = self.languages.iter().position(|known| *known == language)?;
        (number < LANGUAGES).then(|| 1 << number)
    }

    /// The bits of an expert's languages besides German, and whether all of them have one.
    pub(super) fn learn(&mut self, languages: &[Language]) -> (u32, bool) {
        let (mut bits, mut all) = (0, true);
        for language in languages.iter().map(Language::packed) {
            if language == self.german {
                continue;
            }
            if !self.languages.contains(&language) {
                self.languages.push(language);
            }
            match self.bit(language) {
                Some(bit) => bits |= bit,
                None => all = false,
            }
        }
        (bits, all)
    }

    /// The bits of a mentee's languages besides German. Languages that no expert speaks have no bit and
    /// need none; where a language has no bit, those who speak it are odd.
    pub(super) fn languages(&self, languages: &[Language]) -> u32 {
        languages
            .iter()
            .filter_map(|language| self.bit(language.packed()))
            .fold(0, |bits, bit| bits | bit)
    }

    /// The number of an office; one that no expert belongs to has none of theirs.
    pub(super) fn office(&self, office: OfficeId) -> u32 {
        let place = self.offices.iter().position(|known| *known == office);
        place.map_or(u32::MAX, |place| place as u32)
    }

    pub(super) fn learn_office(&mut self, office: OfficeId) -> u32 {
        match self.office(office) {
            u32::MAX => {
                self.offices.push(office);
                self.offices.len() as u32 - 1
            }
            known => known,
        }
    }
}
