//! GraphQL over HTTP and WebSocket, health, and what every answer carries.

pub(crate) mod address;
pub(crate) mod documents;
pub(crate) mod explorer;
pub(crate) mod graphql;
pub(crate) mod health;
pub(crate) mod pages;
pub(crate) mod persisted;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod websocket;
