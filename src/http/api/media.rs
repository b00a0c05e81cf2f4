//! A file that a person sent, as its agent opens it: stranger's bytes, so nothing of them may run or be guessed at.

use super::ApiState;
use super::auth::Caller;
use super::body;
use crate::http::error::Problem;
use crate::rules::file_type::FileType;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

/// Not even in a frame of our own does it run anything or load anything.
const POLICY: &str = "default-src 'none'; sandbox";

/// `GET /tickets/{id}/media/{media_id}`. The type is that of the bytes, whatever the sender called them.
pub async fn open(
    state: web::Data<ApiState>,
    caller: Caller,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (ticket, id) = (body::ticket_id(&request)?, body::media_id(&request)?);
    let file = state.handoff.open_media(&caller.0, ticket, id).await?;
    let found = FileType::of(&file.bytes);
    let how = if found.is_image() { "inline" } else { "attachment" };
    // The sender's own name stays in the story: a header is no place for it.
    let disposition = format!("{how}; filename=\"{}.{}\"", file.id, found.extension());
    Ok(HttpResponse::Ok()
        .content_type(found.mime_type())
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .body(file.bytes))
}
