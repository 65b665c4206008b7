//! The organisation's OpenID Connect provider: discovery, authorization code with PKCE, state and nonce.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use openidconnect::{
    AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse as _,
    core::{CoreClient, CoreErrorResponseType, CoreProviderMetadata, CoreResponseType, CoreUserInfoClaims},
};
use secrecy::ExposeSecret as _;
use tandem_operations::auth::openid::{Attempt, Identity};
use tokio::sync::RwLock;
use tokio::time::Instant;
use url::Url;

use crate::config::OpenIdConnect as Config;

/// The provider is not waited for longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that an answer of the provider may have.
const ANSWER_BYTES: usize = 1 << 20;
/// What the provider says of itself is asked again after this time; its keys change now and then.
const FRESH: Duration = Duration::from_secs(3_600);

/// A client of the provider; cheap to clone.
#[derive(Clone)]
pub struct OpenIdConnect(Arc<Inner>);

struct Inner {
    config: Config,
    redirect: RedirectUrl,
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    metadata: RwLock<Option<(Instant, CoreProviderMetadata)>>,
}

/// Why the provider is of no help.
#[derive(Debug, thiserror::Error)]
pub enum OpenIdError {
    /// It cannot be asked, or its answer is not understood.
    #[error("the provider cannot be asked: {0}")]
    Provider(String),
    /// What it says about somebody is not to be believed.
    #[error("the provider's word was not accepted: {0}")]
    Refused(String),
}

#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("no answer in {} seconds", PATIENCE.as_secs())]
    Late,
    #[error(transparent)]
    Http(#[from] hyper_util::client::legacy::Error),
    #[error("the answer cannot be read: {0}")]
    Answer(Box<dyn std::error::Error + Send + Sync>),
}

fn provider(error: impl std::error::Error) -> OpenIdError {
    // the causes say more than the outermost words
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    OpenIdError::Provider(text)
}

fn refused(error: impl std::fmt::Display) -> OpenIdError {
    OpenIdError::Refused(error.to_string())
}

impl OpenIdConnect {
    /// A client; the provider is asked when somebody signs in.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn new(config: Config, public_url: &Url) -> Result<Self, OpenIdError> {
        // it follows no redirect: a provider could make this server ask what nobody else can reach
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .map_err(provider)?
            .https_or_http()
            .enable_http1()
            .build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        let redirect = public_url.join("p/openid/callback").map_err(provider)?;
        Ok(Self(Arc::new(Inner {
            config,
            redirect: RedirectUrl::from_url(redirect),
            http,
            metadata: RwLock::default(),
        })))
    }

    /// Where a browser goes to sign in.
    pub async fn authorize(&self, attempt: &Attempt) -> Result<Url, OpenIdError> {
        let metadata = self.metadata().await?;
        let verifier = PkceCodeVerifier::new(attempt.verifier.clone());
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let (url, _, _) = CoreClient::from_provider_metadata(metadata, self.client_id(), Some(self.secret()))
            .set_redirect_uri(self.0.redirect.clone())
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(url)
    }

    /// Who came back with this code.
    pub async fn identify(&self, attempt: &Attempt, code: String) -> Result<Identity, OpenIdError> {
        let metadata = self.metadata().await?;
        let issuer = metadata.issuer().to_string();
        let client = CoreClient::from_provider_metadata(metadata, self.client_id(), Some(self.secret()))
            .set_redirect_uri(self.0.redirect.clone());
        let call = |request| self.call(request);
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(provider)?
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()))
            .request_async(&call)
            .await
            .map_err(|error| match error {
                // a code that was used, is too old or belongs to another attempt; the rest is our configuration
                RequestTokenError::ServerResponse(answer)
                    if *answer.error() == CoreErrorResponseType::InvalidGrant =>
                {
                    refused(answer)
                }
                error => provider(error),
            })?;
        let token = answer
            .id_token()
            .ok_or_else(|| refused("there is no identity token"))?;
        let claims = match token.claims(&client.id_token_verifier(), &Nonce::new(attempt.nonce.clone())) {
            Ok(claims) => claims,
            Err(error) => {
                // perhaps its keys have changed: the next attempt asks for them
                *self.0.metadata.write().await = None;
                return Err(refused(error));
            }
        };
        let subject = claims.subject().clone();
        let mut email = claims.email().cloned();
        let mut verified = claims.email_verified();
        if email.is_none() {
            let asked = client.user_info(answer.access_token().clone(), Some(subject.clone()));
            if let Ok(request) = asked {
                let more: CoreUserInfoClaims = request.request_async(&call).await.map_err(provider)?;
                email = more.email().cloned();
                verified = more.email_verified();
            }
        }
        Ok(Identity {
            issuer,
            subject: subject.to_string(),
            verified_email: email
                .filter(|_| verified == Some(true))
                .map(|email| email.to_string()),
        })
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.0.config.client_id.clone())
    }

    fn secret(&self) -> ClientSecret {
        ClientSecret::new(self.0.config.client_secret.expose_secret().to_owned())
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, OpenIdError> {
        if let Some((asked, metadata)) = &*self.0.metadata.read().await
            && asked.elapsed() < FRESH
        {
            return Ok(metadata.clone());
        }
        // the issuer is compared byte by byte: a URL without a path has no slash at its end there
        let text = self.0.config.issuer.as_str();
        let text = if self.0.config.issuer.path() == "/" {
            text.trim_end_matches('/')
        } else {
            text
        };
        let issuer = IssuerUrl::new(text.to_owned()).map_err(provider)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &|request| self.call(request))
            .await
            .map_err(provider)?;
        *self.0.metadata.write().await = Some((Instant::now(), metadata.clone()));
        Ok(metadata)
    }

    fn call(
        &self,
        request: HttpRequest,
    ) -> impl Future<Output = Result<HttpResponse, CallError>> + Send + use<> {
        let http = self.0.http.clone();
        let asked = async move {
            let answer = http
                .request(request.map(|body| Full::new(Bytes::from(body))))
                .await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_BYTES)
                .collect()
                .await
                .map_err(CallError::Answer)?;
            Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
        };
        async move {
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(answer) => answer,
                Err(_) => Err(CallError::Late),
            }
        }
    }
}
