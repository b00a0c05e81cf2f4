//! Meta's customer service window: free-form messages go out within 24 hours of the person's last message.
//!
//! Source: Cloud API, "Customer service windows". Outside it only approved templates are accepted (error 131047).

use crate::domain::time::{Millis, Timestamp};

const LENGTH: Millis = Millis::hours(24);
/// Queues, retries and clocks may cost minutes between the decision and Meta's own count.
const MARGIN: Millis = Millis::minutes(10);

/// How long after the person's last message free-form messages go out, margin taken off.
pub const SERVICE_WINDOW: Millis = Millis(LENGTH.0 - MARGIN.0);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceWindow {
    /// Free-form messages may be sent before `until`, margin already taken off.
    Open {
        until: Timestamp,
    },
    Closed,
}

/// The window after `last_inbound_sent_at`, the time that Meta gives the person's last message; `None` when there is none.
pub fn service_window(last_inbound_sent_at: Option<Timestamp>, now: Timestamp) -> ServiceWindow {
    let until = last_inbound_sent_at.map(|sent_at| sent_at.plus(SERVICE_WINDOW));
    until.filter(|until| now < *until).map_or(ServiceWindow::Closed, |until| ServiceWindow::Open { until })
}

#[cfg(test)]
mod tests {
    use super::{ServiceWindow, service_window};
    use crate::domain::time::{Millis, Timestamp};

    #[test]
    fn it_closes_ten_minutes_before_a_day_has_passed() {
        let sent = Timestamp(1_800_000_000_000);
        let until = sent.plus(Millis::minutes(23 * 60 + 50));
        let open = ServiceWindow::Open { until };
        assert_eq!(service_window(Some(sent), sent), open);
        assert_eq!(service_window(Some(sent), Timestamp(until.0 - 1)), open);
        assert_eq!(service_window(Some(sent), until), ServiceWindow::Closed);
        assert_eq!(service_window(None, sent), ServiceWindow::Closed);
    }
}
