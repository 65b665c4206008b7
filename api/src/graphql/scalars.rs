//! Scalars that validate. An instant is a [`chrono::DateTime`], which is the scalar `DateTime`.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;
use tandem_domain::{postal_codes, values};

macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty), $url:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub $inner);

        $(#[$doc])*
        #[Scalar(specified_by_url = $url)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                match value {
                    Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.to_string())
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl From<$name> for $inner {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    };
}

text_scalar! {
    /// An e-mail address, as name@example.org. It comes back in lower case.
    Email(values::Email), "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address"
}

text_scalar! {
    /// A German postal code: five digits, as "20095".
    PostalCode(postal_codes::PostalCode), "https://de.wikipedia.org/wiki/Postleitzahl_(Deutschland)"
}

text_scalar! {
    /// A language as ISO 639 code of two or three letters, as "de" or "fa".
    Language(values::Language), "https://www.loc.gov/standards/iso639-2/php/code_list.php"
}

/// A calendar date, as "2026-11-23".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A calendar date, as "2026-11-23".
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        // chrono alone takes "2026-1-3" as well
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        date.map(Self).ok_or_else(|| {
            InputValueError::custom(format!(
                "{text:?} is no date; write year-month-day, as \"2026-11-23\""
            ))
        })
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl From<Date> for NaiveDate {
    fn from(date: Date) -> Self {
        date.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_year_month_day_and_exists() {
        assert!(Date::parse(Value::from("2028-02-29")).is_ok());
        for wrong in ["2027-02-29", "2026-1-3", "23.11.2026", ""] {
            assert!(Date::parse(Value::from(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_scalar_says_what_is_wrong_and_what_would_be_right() {
        let error = Email::parse(Value::from("anna")).unwrap_err();
        let error = error.into_server_error(async_graphql::Pos::default());
        assert!(error.message.contains("name@example.org"), "{}", error.message);
        assert!(PostalCode::parse(Value::from(20095)).is_err());
    }
}
