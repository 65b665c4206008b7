//! The GraphQL and HTTP server of Tandem.
