//! The BMI1 file format for instances.
//!
//! Little endian: the bytes `BMI1`, `u32` experts, `u32` cases, `u64` edges, `u8 capacity[experts]`,
//! `i64 row[cases + 1]`, `u32 expert[edges]`, `i32 score[edges]`. Case `c` may take the experts
//! `expert[row[c]..row[c + 1]]`.

use std::fmt;
use std::io::{self, Read, Write};

use crate::instance::{Instance, InstanceError};

const MAGIC: [u8; 4] = *b"BMI1";
const CHUNK: usize = 1 << 16;

/// The parts of an instance as read, not yet checked against each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// How many cases each expert can take.
    pub capacities: Vec<u8>,
    /// Where the row of each case starts; one entry more than there are cases.
    pub row_offsets: Vec<usize>,
    /// The experts of all rows.
    pub experts: Vec<u32>,
    /// The scores of all rows.
    pub scores: Vec<i32>,
}

impl Parts {
    /// Checks the parts and makes them an instance.
    ///
    /// # Errors
    /// See [`Instance::new`].
    pub fn into_instance(self) -> Result<Instance, InstanceError> {
        Instance::new(self.capacities, self.row_offsets, self.experts, self.scores)
    }
}

/// Why a BMI1 source could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The source failed or ended early.
    Io(io::Error),
    /// The source does not start with `BMI1`.
    NotBmi1,
    /// The sizes in the head do not add up to the length of the source, both in bytes.
    Length {
        /// What the head promises.
        promised: u128,
        /// What there is.
        found: u64,
    },
    /// A row offset is negative.
    NegativeOffset {
        /// The position among the offsets.
        index: usize,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read the instance: {error}"),
            Self::NotBmi1 => write!(f, "not an instance file: it has to start with the bytes BMI1"),
            Self::Length { promised, found } => {
                write!(f, "the head promises {promised} bytes, the file has {found}")
            }
            Self::NegativeOffset { index } => write!(f, "row offset {index} is negative"),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads an instance from a source that is `length` bytes long.
///
/// The length is asked for because it is the one defence against a head that promises more than there
/// is memory.
///
/// # Errors
/// [`ReadError`]; that the parts fit each other is checked by [`Parts::into_instance`].
pub fn read(mut source: impl Read, length: u64) -> Result<Parts, ReadError> {
    let mut head = [0; 20];
    if length < head.len() as u64 {
        return Err(ReadError::NotBmi1);
    }
    source.read_exact(&mut head)?;
    if head[..4] != MAGIC {
        return Err(ReadError::NotBmi1);
    }
    let experts = u32::from_le_bytes(head[4..8].try_into().expect("four bytes")) as usize;
    let cases = u32::from_le_bytes(head[8..12].try_into().expect("four bytes")) as usize;
    let edges = u64::from_le_bytes(head[12..20].try_into().expect("eight bytes"));
    let promised = 20 + experts as u128 + 8 * (cases as u128 + 1) + 8 * u128::from(edges);
    if promised != u128::from(length) {
        return Err(ReadError::Length {
            promised,
            found: length,
        });
    }
    let edges = edges as usize;
    let mut parts = Parts {
        capacities: vec![0; experts],
        ..Parts::default()
    };
    source.read_exact(&mut parts.capacities)?;
    let offsets = read_words(&mut source, cases + 1, i64::from_le_bytes)?;
    parts.row_offsets.reserve_exact(offsets.len());
    for (index, offset) in offsets.into_iter().enumerate() {
        parts
            .row_offsets
            .push(usize::try_from(offset).map_err(|_| ReadError::NegativeOffset { index })?);
    }
    parts.experts = read_words(&mut source, edges, u32::from_le_bytes)?;
    parts.scores = read_words(&mut source, edges, i32::from_le_bytes)?;
    Ok(parts)
}

fn read_words<const N: usize, T>(
    source: &mut impl Read,
    count: usize,
    decode: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    let mut words = Vec::with_capacity(count);
    let mut buffer = vec![0; CHUNK.min(count * N)];
    while words.len() < count {
        let bytes = buffer.len().min((count - words.len()) * N);
        source.read_exact(&mut buffer[..bytes])?;
        words.extend(
            buffer[..bytes]
                .chunks_exact(N)
                .map(|word| decode(word.try_into().expect("chunks have N bytes"))),
        );
    }
    Ok(words)
}

/// Writes an instance. Rows come out canonical, by rising expert.
///
/// # Errors
/// Those of the sink.
pub fn write(instance: &Instance, mut sink: impl Write) -> io::Result<()> {
    sink.write_all(&MAGIC)?;
    sink.write_all(&(instance.experts() as u32).to_le_bytes())?;
    sink.write_all(&(instance.cases() as u32).to_le_bytes())?;
    sink.write_all(&(instance.edges() as u64).to_le_bytes())?;
    sink.write_all(instance.capacities())?;
    write_words(
        &mut sink,
        instance
            .row_offsets()
            .iter()
            .map(|&offset| (offset as i64).to_le_bytes()),
    )?;
    for case in 0..instance.cases() {
        write_words(
            &mut sink,
            instance.row(case).0.iter().map(|expert| expert.to_le_bytes()),
        )?;
    }
    for case in 0..instance.cases() {
        write_words(
            &mut sink,
            instance.row(case).1.iter().map(|score| score.to_le_bytes()),
        )?;
    }
    sink.flush()
}

fn write_words<const N: usize>(
    sink: &mut impl Write,
    words: impl Iterator<Item = [u8; N]>,
) -> io::Result<()> {
    let bytes: Vec<u8> = words.flatten().collect();
    sink.write_all(&bytes)
}
