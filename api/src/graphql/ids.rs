//! Global ids: opaque to clients, base64url of "Kind:uuid".

use async_graphql::ID;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tandem_domain::{errors::UserError, ids::Id};
use uuid::Uuid;

/// The global id of an entity.
pub fn global<T: Id>(id: T) -> ID {
    of_kind(T::KIND, id.into())
}

/// The global id of a row of a kind that is known by name only, as in the audit log.
pub fn of_kind(kind: &str, uuid: Uuid) -> ID {
    ID(BASE64_URL_SAFE_NO_PAD.encode(format!("{kind}:{}", uuid.simple())))
}

/// The kind and the UUID that an id stands for; none where it is no id of ours.
pub fn decode(id: &ID) -> Option<(String, Uuid)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
    let (kind, uuid) = text.split_once(':')?;
    Some((kind.to_owned(), Uuid::try_parse(uuid).ok()?))
}

/// The entity that an input names.
///
/// # Errors
/// An `INVALID` refusal that names the field, where the id is not one of ours or of another type.
pub fn parse<T: Id>(field: &str, id: &ID) -> Result<T, UserError> {
    match decode(id) {
        Some((kind, uuid)) if kind == T::KIND => Ok(uuid.into()),
        Some((kind, _)) => Err(UserError::invalid(
            field,
            format!(
                "this is the id of a {kind}, but the id of a {} is needed",
                T::KIND
            ),
        )),
        None => Err(UserError::invalid(
            field,
            format!(
                "this is no id; the id of a {} is needed, as the API gave it",
                T::KIND
            ),
        )),
    }
}

/// The same for an input that need not be given.
pub fn parse_optional<T: Id>(field: &str, id: Option<&ID>) -> Result<Option<T>, UserError> {
    id.map(|id| parse(field, id)).transpose()
}

/// The same for a list; a problem names the place, as `caseIds.2`.
pub fn parse_all<T: Id>(field: &str, ids: &[ID]) -> Result<Vec<T>, Vec<UserError>> {
    let mut parsed = Vec::with_capacity(ids.len());
    let mut problems = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        match parse(&format!("{field}.{place}"), id) {
            Ok(id) => parsed.push(id),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(parsed)
    } else {
        Err(problems)
    }
}

#[cfg(test)]
mod tests {
    use tandem_domain::ids::{CaseId, ExpertId};

    use super::*;

    #[test]
    fn an_id_comes_back_as_what_it_was() {
        let expert = ExpertId::from(Uuid::from_u128(42));
        assert_eq!(parse("expertId", &global(expert)), Ok(expert));
    }

    #[test]
    fn an_id_of_another_type_is_refused_by_field() {
        let expert = global(ExpertId::from(Uuid::from_u128(42)));
        let error = parse::<CaseId>("caseId", &expert).unwrap_err();
        assert_eq!(error.field, "caseId");
        assert!(
            error.message.contains("Expert") && error.message.contains("Case"),
            "{error}"
        );
        for garbage in ["", "42", "ä", "RXhwZXJ0OnNvbWV0aGluZw"] {
            assert!(
                parse::<ExpertId>("id", &ID(garbage.into())).is_err(),
                "{garbage:?}"
            );
        }
    }

    #[test]
    fn a_wrong_id_in_a_list_is_named_by_its_place() {
        let case = global(CaseId::from(Uuid::from_u128(1)));
        let problems = parse_all::<CaseId>("caseIds", &[case, ID("x".into())]).unwrap_err();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].field, "caseIds.1");
    }
}
