//! Dated caps on interest (Colombia's *tasa de usura*): a month without a known cap blocks interest, never a guess.

use crate::domain::time::Day;
use crate::rules::rate::MonthlyRate;
use crate::rules::true_rate::Loan;
use rust_decimal::Decimal;

/// The highest effective annual rate for a kind of credit in a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateCap {
    /// ISO 3166 alpha-2.
    pub country: String,
    /// `consumo_ordinario`, `consumo_bajo_monto` …, as the authority names it; `*` for all.
    pub modality: String,
    pub from: Day,
    /// Inclusive.
    pub to: Day,
    /// Fraction per year; `None` where the law sets no cap.
    pub cap_ea: Option<Decimal>,
    /// Where the figure was published.
    pub source: String,
    /// Of rate_caps.yaml, for findings.
    pub line: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateCaps(pub Vec<RateCap>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateCapError {
    #[error("no cap is known for {modality} in {country} on {day}: add the month to rate_caps.yaml")]
    Unknown { country: String, modality: String, day: Day },
    #[error("{} effective annual is above the cap of {} ({source_text})", percent(.rate_ea), percent(.cap_ea))]
    Above { rate_ea: Decimal, cap_ea: Decimal, source_text: String },
}

/// A fraction as policies write it: 0.2966 is `29.66%`.
fn percent(fraction: &Decimal) -> String {
    let percent = fraction.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(*fraction).round_dp(2).normalize();
    format!("{percent}%")
}

impl RateCaps {
    /// The cap in force on `day`.
    pub fn find(&self, country: &str, modality: &str, day: Day) -> Result<&RateCap, RateCapError> {
        self.0
            .iter()
            .find(|cap| {
                cap.country == country
                    && (cap.modality == modality || cap.modality == "*")
                    && (cap.from..=cap.to).contains(&day)
            })
            .ok_or_else(|| RateCapError::Unknown {
                country: country.to_owned(),
                modality: modality.to_owned(),
                day,
            })
    }
}

impl RateCap {
    /// Compares effective annual rates, never nominal ones (Código de Comercio art. 884; Ley 45 de 1990 art. 72).
    pub fn allows(&self, rate: MonthlyRate) -> Result<(), RateCapError> {
        let Some(cap_ea) = self.cap_ea else { return Ok(()) };
        let above = |rate_ea: Decimal| RateCapError::Above {
            rate_ea: rate_ea.round_dp(6),
            cap_ea,
            source_text: self.source.clone(),
        };
        match rate.effective_annual() {
            // Rounding of a converted rate is no excess: caps have four decimals.
            Ok(rate_ea) if rate_ea.round_dp(10) <= cap_ea => Ok(()),
            Ok(rate_ea) => Err(above(rate_ea)),
            Err(_) => Err(above(Decimal::MAX)),
        }
    }
}

impl RateCap {
    /// Whether the very schedule keeps the cap: its days and its rounding included.
    ///
    /// # Errors
    /// With the true rate of the schedule, when it is above the cap or cannot be worked out.
    pub fn allows_schedule(&self, loan: &Loan<'_>) -> Result<(), RateCapError> {
        let Some(cap_ea) = self.cap_ea else { return Ok(()) };
        match loan.costs_at_most(cap_ea) {
            Some(true) => Ok(()),
            Some(false) | None => Err(RateCapError::Above {
                rate_ea: loan.effective_annual().unwrap_or(Decimal::MAX).round_dp(6),
                cap_ea,
                source_text: self.source.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RateCap, RateCapError, RateCaps};
    use crate::domain::time::Day;
    use crate::rules::rate::MonthlyRate;
    use rust_decimal::Decimal;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn caps() -> RateCaps {
        RateCaps(vec![RateCap {
            country: "CO".to_owned(),
            modality: "consumo_ordinario".to_owned(),
            from: day("2026-07-01"),
            to: day("2026-07-31"),
            cap_ea: Some(Decimal::new(2879, 4)),
            source: "SFC, July 2026".to_owned(),
            line: 1,
        }])
    }

    #[test]
    fn the_last_day_is_inside_and_the_next_is_unknown() {
        let caps = caps();
        assert!(caps.find("CO", "consumo_ordinario", day("2026-07-31")).is_ok());
        for (country, modality, on) in [
            ("CO", "consumo_ordinario", "2026-08-01"),
            ("CO", "consumo_bajo_monto", "2026-07-15"),
            ("PE", "consumo_ordinario", "2026-07-15"),
        ] {
            assert!(matches!(caps.find(country, modality, day(on)), Err(RateCapError::Unknown { .. })));
        }
    }

    #[test]
    fn the_cap_itself_is_allowed_and_a_little_more_is_not() {
        let caps = caps();
        let cap = caps.find("CO", "consumo_ordinario", day("2026-07-15")).unwrap();
        assert_eq!(cap.allows(MonthlyRate::from_effective_annual(Decimal::new(2879, 4)).unwrap()), Ok(()));
        // 2.1309 % a month is 28.79098… % a year.
        assert!(matches!(
            cap.allows(MonthlyRate::from_ppm(21_309).unwrap()),
            Err(RateCapError::Above { .. })
        ));
        assert_eq!(cap.allows(MonthlyRate::from_ppm(21_308).unwrap()), Ok(()));
    }
}
