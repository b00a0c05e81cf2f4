//! What a file is, by its first bytes: the types that WhatsApp carries and a desk may be shown. The rest is only bytes.
//!
//! A name or type that the sender gives is a claim: a page of HTML may call itself a picture.

/// A type that is told to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    Jpeg,
    Png,
    Webp,
    Pdf,
    Ogg,
    Mp4,
    /// MP4 with sound alone.
    M4a,
    ThreeGp,
    Mp3,
    Aac,
    Amr,
    /// None of these: it is saved, never shown.
    Other,
}

impl FileType {
    /// The type of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let begins = |mark: &[u8]| bytes.starts_with(mark);
        // ISO 14496-12: the first box is `ftyp`, behind its length, with the brand behind it.
        let brand = bytes.get(4..12).and_then(|ftyp| ftyp.strip_prefix(b"ftyp"));
        match (brand, bytes) {
            (Some(brand), _) if brand.starts_with(b"3g") => Self::ThreeGp,
            (Some(b"M4A " | b"M4B "), _) => Self::M4a,
            (Some(_), _) => Self::Mp4,
            _ if begins(b"\xFF\xD8\xFF") => Self::Jpeg,
            _ if begins(b"\x89PNG\r\n\x1A\n") => Self::Png,
            _ if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => Self::Webp,
            _ if begins(b"%PDF-") => Self::Pdf,
            _ if begins(b"OggS") => Self::Ogg,
            _ if begins(b"#!AMR") => Self::Amr,
            _ if begins(b"ID3") => Self::Mp3,
            // A frame of MPEG sound begins with eleven bits; then the layer is nothing (ADTS, for AAC) or the third.
            (_, [0xFF, second, ..]) if second & 0xF6 == 0xF0 => Self::Aac,
            (_, [0xFF, second, ..]) if second & 0xE6 == 0xE2 => Self::Mp3,
            _ => Self::Other,
        }
    }

    pub const fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Ogg => "audio/ogg",
            Self::Mp4 => "video/mp4",
            Self::M4a => "audio/mp4",
            Self::ThreeGp => "video/3gpp",
            Self::Mp3 => "audio/mpeg",
            Self::Aac => "audio/aac",
            Self::Amr => "audio/amr",
            Self::Other => "application/octet-stream",
        }
    }

    /// Of the name that a saved file gets.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
            Self::Ogg => "ogg",
            Self::Mp4 => "mp4",
            Self::M4a => "m4a",
            Self::ThreeGp => "3gp",
            Self::Mp3 => "mp3",
            Self::Aac => "aac",
            Self::Amr => "amr",
            Self::Other => "bin",
        }
    }

    pub const fn is_image(self) -> bool {
        match self {
            Self::Jpeg | Self::Png | Self::Webp => true,
            Self::Pdf
            | Self::Ogg
            | Self::Mp4
            | Self::M4a
            | Self::ThreeGp
            | Self::Mp3
            | Self::Aac
            | Self::Amr
            | Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FileType;

    #[test]
    fn the_first_bytes_say_what_a_file_is() {
        for (bytes, expected) in [
            (&b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..], FileType::Jpeg),
            (b"\x89PNG\r\n\x1A\n\0\0", FileType::Png),
            (b"RIFF\x24\0\0\0WEBPVP8 ", FileType::Webp),
            (b"%PDF-1.4\n", FileType::Pdf),
            (b"OggS\0\x02", FileType::Ogg),
            (b"\0\0\0\x18ftypisom\0\0\x02\0", FileType::Mp4),
            (b"\0\0\0\x18ftypM4A \0\0\x02\0", FileType::M4a),
            (b"\0\0\0\x14ftyp3gp5\0\0\x02\0", FileType::ThreeGp),
            (b"ID3\x04\0", FileType::Mp3),
            (b"\xFF\xFB\x90\x64", FileType::Mp3),
            (b"\xFF\xF1\x50\x80", FileType::Aac),
            (b"#!AMR\n", FileType::Amr),
            (b"<html><script>", FileType::Other),
            (b"<svg xmlns", FileType::Other),
            (b"GIF89a", FileType::Other),
            (b"PK\x03\x04", FileType::Other),
            (b"RIFF\x24\0\0\0WAVE", FileType::Other),
            (b"\xFF\xFE<\0h\0", FileType::Other),
            (b"\xFF", FileType::Other),
            (b"", FileType::Other),
        ] {
            assert_eq!(FileType::of(bytes), expected, "{bytes:?}");
        }
    }
}
