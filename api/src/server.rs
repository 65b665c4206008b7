//! The HTTP surface and the server's life.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::{
    Router,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::{any, get},
};
use secrecy::ExposeSecret as _;
use tandem_domain::random::SystemRandom;
use tandem_operations::App;
use tokio::net::TcpListener;
use tower_http::{
    catch_panic::CatchPanicLayer, cors::CorsLayer, limit::RequestBodyLimitLayer,
    set_header::SetResponseHeaderLayer, trace::TraceLayer,
};

use crate::{
    config::{HttpOptions, OpenIdConnect as OpenIdConfig, ServeConfig},
    events::Events,
    graphql::{self, ApiSchema},
    http,
    limits::RateLimiter,
    openid::{OpenIdConnect, OpenIdError},
    pages,
};

/// Bytes that a page's form may have.
const PAGE_BODY: usize = 64 << 10;

/// What every handler needs; cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    /// For operations.
    pub app: App,
    /// The GraphQL schema.
    pub schema: ApiSchema,
    /// The HTTP surface.
    pub options: Arc<HttpOptions>,
    /// Counts what comes.
    pub limiter: RateLimiter,
    /// The provider by which staff may sign in.
    pub openid_connect: Option<OpenIdConnect>,
}

impl ApiState {
    /// The state of a server, which begins to listen for news from the database.
    pub fn new(app: App, options: HttpOptions, limiter: RateLimiter) -> Self {
        let events = Events::listen(app.db.clone());
        Self {
            schema: graphql::schema(app.clone(), events, &options, limiter.clone()),
            app,
            options: Arc::new(options),
            limiter,
            openid_connect: None,
        }
    }

    /// The same with a provider by which staff may sign in.
    ///
    /// # Errors
    /// Where no client of it can be made.
    pub fn with_openid_connect(self, config: OpenIdConfig) -> Result<Self, OpenIdError> {
        let provider = OpenIdConnect::new(config, &self.options.public_url)?;
        Ok(Self {
            openid_connect: Some(provider),
            ..self
        })
    }
}

/// The whole HTTP surface.
pub fn router(state: ApiState) -> Router {
    let options = Arc::clone(&state.options);
    let files = Router::new()
        .route("/documents/{id}", get(http::documents::document))
        .route(
            "/data-requests/{id}/export.json",
            get(http::documents::export_json),
        )
        .route("/data-requests/{id}/export.pdf", get(http::documents::export_pdf))
        .route("/training/{id}/invitation.ics", get(http::documents::invitation))
        .route_layer(middleware::from_fn(pages::no_file::explain));
    let mut router = Router::new()
        .route("/graphql", get(http::graphql::get).post(http::graphql::post))
        .route("/graphql/ws", any(http::websocket::upgrade))
        .merge(files)
        .route("/health/live", get(http::health::live))
        .route("/health/ready", get(http::health::ready))
        // operations read their own bodies, with an answer in GraphQL's form where one is too long
        .merge(
            pages::router()
                .layer(middleware::from_fn_with_state(
                    state.clone(),
                    http::pages::count_page,
                ))
                .layer(RequestBodyLimitLayer::new(PAGE_BODY)),
        )
        .fallback(pages::nothing_here);
    if options.explorer {
        router = router
            .route("/graphql/explorer.css", get(http::explorer::style))
            .route("/graphql/explorer.js", get(http::explorer::script));
    }
    let cors = CorsLayer::new()
        .allow_origin(options.cors_origins.clone())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, header::ACCEPT])
        .expose_headers([header::RETRY_AFTER])
        .allow_credentials(true);
    let router = router
        .layer(middleware::from_fn_with_state(
            state.clone(),
            http::address::find_client,
        ))
        .layer(cors)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(standard(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(standard(header::REFERRER_POLICY, "no-referrer"))
        .layer(standard(header::X_FRAME_OPTIONS, "DENY"))
        .layer(standard(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ))
        .layer(standard(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ));
    let router = if options.secure() {
        router.layer(standard(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        ))
    } else {
        router
    };
    // the path alone: a query string may hold data, and a page's path a token
    let trace = TraceLayer::new_for_http().make_span_with(|request: &axum::extract::Request| {
        let path = request.uri().path();
        let secret = ["/p/", "/code/"]
            .into_iter()
            .find(|prefix| path.starts_with(prefix));
        let path = secret.unwrap_or(path);
        tracing::info_span!("request", method = %request.method(), path)
    });
    router.layer(trace).with_state(state)
}

fn standard(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

fn panicked(cause: Box<dyn std::any::Any + Send>) -> axum::response::Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    tracing::error!(cause, "a request panicked");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        r#"{"errors":[{"message":"something went wrong on our side","extensions":{"code":"INTERNAL"}}]}"#,
    )
        .into_response()
}

/// Serves until SIGTERM or SIGINT; requests under way are finished.
pub async fn serve(config: ServeConfig) -> anyhow::Result<()> {
    let url = config.database_url.expose_secret();
    let db = tandem_storage::connect(url, config.database_connections, "tandem-api")
        .await
        .context("the database of DATABASE_URL cannot be reached")?;
    let app = App {
        db,
        clock: config.clock,
        random: Arc::new(SystemRandom),
        links: config.links,
        public_url: config.http.public_url.clone(),
        session_limits: config.session_limits,
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen at {}", config.listen))?;
    let (rates, clock) = (config.http.rates, app.clock.clone());
    let limiter = match &config.redis {
        Some(redis) => RateLimiter::shared(rates, clock, redis.url.expose_secret(), &redis.namespace)
            .context("REDIS_URL is no address of a Redis")?,
        None => RateLimiter::local(rates, clock),
    };
    let mut state = ApiState::new(app, config.http, limiter);
    if let Some(openid_connect) = config.openid_connect {
        state = state.with_openid_connect(openid_connect)?;
    }
    tracing::info!(address = %listener.local_addr()?, "serving");
    serve_on(listener, state, stop_signal()).await
}

/// Serves on a listener until `stop` is there.
pub async fn serve_on(
    listener: TcpListener,
    state: ApiState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let service = router(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await?;
    Ok(())
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a process may listen for signals");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping");
}
