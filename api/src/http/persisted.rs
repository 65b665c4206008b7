//! Persisted documents: those that the programme's own frontends send, known by their SHA-256. In
//! production the server may be told to take no others.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use async_graphql::parser::parse_query;
use sha2::{Digest, Sha256};

/// The documents that are known; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    by_hash: Arc<HashMap<String, String>>,
    /// Whether no other document is taken.
    only: bool,
}

impl Documents {
    /// Reads a folder of `*.graphql` files with a document each, or a JSON file that maps each document's
    /// SHA-256 to the document.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(path: &Path) -> Result<Self, String> {
        let texts = if path.is_dir() {
            folder(path)?
        } else {
            manifest(path)?
        };
        let mut by_hash = HashMap::new();
        for (name, text) in texts {
            parse_query(&text).map_err(|error| format!("{name} is no GraphQL document: {error}"))?;
            by_hash.insert(hash(&text), text);
        }
        Ok(Self {
            by_hash: Arc::new(by_hash),
            only: false,
        })
    }

    /// The same documents, and whether no other one is taken.
    pub fn only(self, only: bool) -> Self {
        Self { only, ..self }
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.by_hash.is_empty()
    }

    /// The document with this SHA-256, in hexadecimal digits.
    pub fn get(&self, hash: &str) -> Option<&str> {
        self.by_hash.get(&hash.to_ascii_lowercase()).map(String::as_str)
    }

    /// Whether a document may be sent as it is.
    pub fn admits(&self, document: &str) -> bool {
        !self.only || self.by_hash.contains_key(&hash(document))
    }
}

fn folder(path: &Path) -> Result<Vec<(String, String)>, String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "graphql") {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            texts.push((file.display().to_string(), text));
        }
    }
    Ok(texts)
}

fn manifest(path: &Path) -> Result<Vec<(String, String)>, String> {
    let name = path.display();
    let text = std::fs::read(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let listed: HashMap<String, String> = serde_json::from_slice(&text)
        .map_err(|error| format!("{name} is no JSON object of SHA-256 and documents: {error}"))?;
    for (listed_hash, document) in &listed {
        if hash(document) != listed_hash.to_ascii_lowercase() {
            return Err(format!(
                "{name}: {listed_hash} is not the SHA-256 of its document"
            ));
        }
    }
    Ok(listed.into_iter().collect())
}

/// The SHA-256 of a document as lowercase hexadecimal digits.
pub fn hash(document: &str) -> String {
    Sha256::digest(document.as_bytes())
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a String");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_usual_one() {
        assert_eq!(
            hash(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
