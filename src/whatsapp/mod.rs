//! Meta's WhatsApp Cloud API: signatures, webhooks, sending, errors.
