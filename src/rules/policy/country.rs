//! What goes with a country: its money and its time. A policy that mixes two countries is held to the law of neither.

use crate::domain::money::Currency;

/// A country with the currencies that people owe in there, and its time zones; one that ends in `/` stands for all
/// below it.
struct Country {
    code: &'static str,
    currencies: &'static [Currency],
    zones: &'static [&'static str],
}

const COUNTRIES: [Country; 9] = [
    Country { code: "CO", currencies: &[Currency::Cop], zones: &["America/Bogota"] },
    Country {
        code: "MX",
        currencies: &[Currency::Mxn],
        zones: &[
            "America/Mexico_City",
            "America/Monterrey",
            "America/Merida",
            "America/Cancun",
            "America/Chihuahua",
            "America/Ciudad_Juarez",
            "America/Ojinaga",
            "America/Matamoros",
            "America/Hermosillo",
            "America/Mazatlan",
            "America/Bahia_Banderas",
            "America/Tijuana",
        ],
    },
    Country { code: "PE", currencies: &[Currency::Pen, Currency::Usd], zones: &["America/Lima"] },
    Country {
        code: "CL",
        currencies: &[Currency::Clp],
        zones: &["America/Santiago", "America/Punta_Arenas", "America/Coyhaique", "Pacific/Easter"],
    },
    Country {
        code: "AR",
        currencies: &[Currency::Ars, Currency::Usd],
        zones: &["America/Argentina/", "America/Buenos_Aires"],
    },
    Country {
        code: "BR",
        currencies: &[Currency::Brl],
        zones: &[
            "America/Sao_Paulo",
            "America/Bahia",
            "America/Fortaleza",
            "America/Recife",
            "America/Maceio",
            "America/Belem",
            "America/Araguaina",
            "America/Santarem",
            "America/Manaus",
            "America/Boa_Vista",
            "America/Porto_Velho",
            "America/Cuiaba",
            "America/Campo_Grande",
            "America/Rio_Branco",
            "America/Eirunepe",
            "America/Noronha",
        ],
    },
    Country { code: "EC", currencies: &[Currency::Usd], zones: &["America/Guayaquil", "Pacific/Galapagos"] },
    Country { code: "PA", currencies: &[Currency::Usd], zones: &["America/Panama"] },
    Country { code: "SV", currencies: &[Currency::Usd], zones: &["America/El_Salvador"] },
];

impl Country {
    fn has_zone(&self, zone: &str) -> bool {
        self.zones.iter().any(|one| *one == zone || (one.ends_with('/') && zone.starts_with(one)))
    }
}

fn find(code: &str) -> Option<&'static Country> {
    COUNTRIES.iter().find(|country| country.code == code)
}

/// What to write instead of a currency that does not belong to a country; `None` when it may.
///
/// A country that is not in the table may have any currency but one that is only another's.
pub fn other_currency(code: &str, currency: Currency) -> Option<String> {
    match find(code) {
        Some(country) if country.currencies.contains(&currency) => None,
        Some(country) => {
            let names: Vec<String> =
                country.currencies.iter().map(|one| format!("`{}`", one.code())).collect();
            Some(format!("write {}, or correct `country`", names.join(" or ")))
        }
        None if currency == Currency::Usd => None,
        None => {
            let home = COUNTRIES.iter().find(|country| country.currencies.contains(&currency))?;
            Some(format!("it is of {}: correct `currency` or `country`", home.code))
        }
    }
}

/// What to write instead of a time zone that does not belong to a country; `None` when it may.
pub fn other_zone(code: &str, zone: &str) -> Option<String> {
    match find(code) {
        Some(country) if country.has_zone(zone) => None,
        Some(country) => {
            let example = country.zones.iter().find(|one| !one.ends_with('/')).copied().unwrap_or_default();
            Some(format!("write the zone where the lender is, such as `{example}`, or correct `country`"))
        }
        None => {
            let home = COUNTRIES.iter().find(|country| country.has_zone(zone))?;
            Some(format!("it is of {}: correct `time_zone` or `country`", home.code))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{other_currency, other_zone};
    use crate::domain::money::Currency;

    #[test]
    fn money_and_time_belong_to_the_country() {
        for (country, currency, zone, fits) in [
            ("CO", Currency::Cop, "America/Bogota", (true, true)),
            ("CO", Currency::Usd, "America/New_York", (false, false)),
            ("MX", Currency::Mxn, "America/Tijuana", (true, true)),
            ("MX", Currency::Cop, "America/Bogota", (false, false)),
            ("AR", Currency::Usd, "America/Argentina/Salta", (true, true)),
            ("EC", Currency::Usd, "America/Guayaquil", (true, true)),
            // Nothing is known of these two, but pesos of Colombia and its hour are not theirs.
            ("BO", Currency::Usd, "America/La_Paz", (true, true)),
            ("GT", Currency::Cop, "America/Bogota", (false, false)),
        ] {
            let found = (other_currency(country, currency).is_none(), other_zone(country, zone).is_none());
            assert_eq!(found, fits, "{country}");
        }
    }
}
