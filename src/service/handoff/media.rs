//! The files of a chat for its agent: what became of each, and the bytes of those that are kept.

use super::story::{MediaLine, StoryItem};
use super::{HandoffError, HandoffService};
use crate::domain::ids::{InboxId, TicketId, Wamid};
use crate::ports::agents::Agent;
use crate::ports::media::{MediaState, Opening};
use crate::ports::tickets::Ticket;
use std::collections::HashMap;

/// A kept file.
pub struct OpenFile {
    pub id: InboxId,
    pub bytes: Vec<u8>,
}

impl HandoffService {
    /// Opens a file of the ticket's chat for whoever may see the ticket; the log of the chat tells who did.
    pub async fn open_media(
        &self,
        agent: &Agent,
        ticket: TicketId,
        id: InboxId,
    ) -> Result<OpenFile, HandoffError> {
        let ticket = self.visible(agent, ticket).await?;
        let by = Opening { ticket: ticket.id, agent: agent.id };
        let (lender, chat) = (&agent.lender, ticket.conversation);
        let opened = self.ports.media.open_media(lender, chat, id, by, self.now()).await?;
        let opened = opened.ok_or(HandoffError::MediaUnknown)?;
        match (opened.media.state, opened.bytes) {
            (MediaState::Kept { .. }, Some(bytes)) => Ok(OpenFile { id, bytes }),
            (MediaState::Lost { why }, _) => Err(HandoffError::MediaLost { why }),
            (MediaState::Wanted | MediaState::Kept { .. }, _) => Err(HandoffError::MediaWanted),
        }
    }

    /// Tells beside the lines of files what became of each. A page without one asks for nothing.
    pub(super) async fn tell_media(
        &self,
        ticket: &Ticket,
        items: &mut [StoryItem],
    ) -> Result<(), HandoffError> {
        let wamids: Vec<Wamid> = items.iter().filter_map(|item| item.brings.clone()).collect();
        if wamids.is_empty() {
            return Ok(());
        }
        let found = self.ports.media.media_of(&ticket.lender, ticket.conversation, &wamids).await?;
        let mut by_wamid: HashMap<Wamid, MediaLine> =
            found.into_iter().map(|media| (media.wamid.clone(), MediaLine::of(media))).collect();
        for item in items {
            item.media = item.brings.as_ref().and_then(|wamid| by_wamid.remove(wamid));
        }
        Ok(())
    }
}
