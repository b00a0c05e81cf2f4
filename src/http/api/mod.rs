//! `/api/v1`: the desk for consoles and other programs; `openapi.json` describes all of it.

mod auth;
mod body;
mod brake;
mod desk;
mod looks;
mod media;
mod view;

pub use brake::Brake;
pub use looks::Looks;

use crate::http::error::{Code, Problem};
use crate::ports::agents::AgentStore;
use crate::ports::clock::Random;
use crate::service::handoff::HandoffService;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Route, middleware, web};
use std::sync::Arc;

/// Bodies are a text of 4096 characters and a few names.
const BODY_BYTES_MAX: usize = 32 * 1024;

/// The API's description, served as it is.
pub const OPENAPI: &str = include_str!("openapi.json");

/// What the handlers work with; put it into the application as `web::Data`.
#[derive(Clone)]
pub struct ApiState {
    pub handoff: Arc<HandoffService>,
    pub agents: Arc<dyn AgentStore>,
    pub random: Arc<dyn Random>,
    pub brake: Arc<Brake>,
    pub looks: Arc<Looks>,
}

/// Adds `/api/v1/…`. The application must hold a `web::Data<ApiState>`.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut scope = web::scope("/api/v1").app_data(web::PayloadConfig::new(BODY_BYTES_MAX));
    for (path, methods) in addresses() {
        let allowed = methods.iter().map(|(method, _)| *method).collect::<Vec<_>>().join(", ");
        let resource =
            methods.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
        scope = scope.service(resource.default_service(web::to(move || not_allowed(allowed.clone()))));
    }
    config.service(scope.default_service(web::to(not_found)).wrap(middleware::from_fn(auth::guard)));
}

/// Adds `/openapi.json`.
pub fn describe(config: &mut web::ServiceConfig) {
    config.route("/openapi.json", web::get().to(openapi));
}

/// Every route, as (method, path below `/api/v1`).
pub fn routes() -> Vec<(&'static str, &'static str)> {
    let each = |(path, methods): (&'static str, Vec<(&'static str, Route)>)| {
        methods.into_iter().map(move |(method, _)| (method, path)).collect::<Vec<_>>()
    };
    addresses().into_iter().flat_map(each).collect()
}

fn addresses() -> Vec<(&'static str, Vec<(&'static str, Route)>)> {
    vec![
        ("/me", vec![("GET", web::get().to(desk::me))]),
        ("/queues", vec![("GET", web::get().to(desk::queues))]),
        ("/tickets", vec![("GET", web::get().to(desk::tickets))]),
        ("/tickets/take-next", vec![("POST", web::post().to(desk::take_next))]),
        ("/tickets/{id}", vec![("GET", web::get().to(desk::ticket))]),
        ("/tickets/{id}/take", vec![("POST", web::post().to(desk::take))]),
        ("/tickets/{id}/renew", vec![("POST", web::post().to(desk::renew))]),
        ("/tickets/{id}/give-up", vec![("POST", web::post().to(desk::give_up))]),
        (
            "/tickets/{id}/messages",
            vec![("GET", web::get().to(desk::messages)), ("POST", web::post().to(desk::send))],
        ),
        ("/tickets/{id}/media/{media_id}", vec![("GET", web::get().to(media::open))]),
        ("/tickets/{id}/notes", vec![("POST", web::post().to(desk::note))]),
        ("/tickets/{id}/resolve", vec![("POST", web::post().to(desk::resolve))]),
        ("/tickets/{id}/return", vec![("POST", web::post().to(desk::return_to_bot))]),
        ("/tickets/{id}/verify", vec![("POST", web::post().to(desk::verify))]),
        ("/tickets/{id}/settle-identity", vec![("POST", web::post().to(desk::settle_identity))]),
        ("/tickets/{id}/transfer", vec![("POST", web::post().to(desk::transfer))]),
    ]
}

async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(OPENAPI)
}

async fn not_found(_request: HttpRequest) -> HttpResponse {
    Problem::new(Code::NotFound).remedy("/openapi.json lists every address.").response()
}

async fn not_allowed(allowed: String) -> HttpResponse {
    let problem = Problem::new(Code::MethodNotAllowed).remedy(format!("Use {allowed}."));
    let mut response = problem.response();
    if let Ok(value) = header::HeaderValue::from_str(&allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
