//! What the desk stops before it is stored: the person's file, the lender's policy and the offers decide, not phrases.

use crate::desk_world::{T0, World, lender, on_both_stores};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::debt::{Balance, Obligation, ObligationStatus, Person};
use acuerdo::domain::ids::{ObligationId, PersonId, TicketId};
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::{Day, Millis};
use acuerdo::ports::records::Priority;
use uuid::Uuid;

on_both_stores!(
    nothing_of_the_file_is_written_to_somebody_unproved,
    money_goes_only_to_the_lender,
    a_number_in_several_messages_is_read_as_one,
    a_number_of_the_lender_in_several_messages_passes,
    a_refusal_says_where_and_what_to_write,
    an_agent_answers_at_any_hour_and_begins_only_within_the_law,
    one_person_with_two_phones_is_contacted_once_a_day,
    what_nobody_sees_is_not_written,
);

/// A debtor whose phone is that of the first chat.
fn debtor() -> (Person, Obligation) {
    let id = PersonId(Uuid::from_u128(0xD0));
    let pesos = |units: i64| Money::new(units * 100, Currency::Cop);
    let person = Person {
        id,
        lender: lender(),
        external_ref: "C-90417".to_owned(),
        full_name: Pii::new("Marta Lucía Ríos Cano".to_owned()),
        first_name: Pii::new("Marta".to_owned()),
        document_type: "CC".to_owned(),
        document: Pii::new("1018456723".to_owned()),
        birth_date: None,
        reserved: None,
        language: "es".to_owned(),
        phones: vec![Pii::new("573000000000".to_owned())],
    };
    let debt = Obligation {
        id: ObligationId(Uuid::from_u128(0xD1)),
        lender: lender(),
        person: id,
        external_ref: "7304".to_owned(),
        product: "credito_consumo".to_owned(),
        product_name: "Crédito de vehículo".to_owned(),
        status: ObligationStatus::Active,
        currency: Currency::Cop,
        balance: Balance {
            as_of: T0,
            principal: pesos(1_268_400),
            interest: pesos(342_700),
            late_interest: pesos(71_900),
            fees: pesos(45_000),
            principal_outstanding: Some(pesos(9_860_000)),
        },
        oldest_unpaid_due: Day::parse("2026-12-04"),
        next_due: None,
        instalments: Vec::new(),
        rate_ea_bps: None,
    };
    (person, debt)
}

/// An agent's token and a ticket that the agent holds, of the debtor's chat at this level.
async fn held(world: &World, level: Assurance) -> (String, TicketId) {
    let (person, debt) = debtor();
    world.store.import(&lender(), &[person], &[debt], T0).await.unwrap();
    let ticket = world.ticket_at(&lender(), ("cobranzas", Priority::Normal, level)).await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    (ana, ticket)
}

async fn nothing_of_the_file_is_written_to_somebody_unproved(world: World) {
    let (ana, ticket) = held(&world, Assurance::Canal).await;
    for (n, text) in [
        "Su total es 1728000",
        "son como un palo setecientos",
        "lo del carro: un millón doscientos sesenta y ocho mil cuatrocientos",
        "¿Es usted la del crédito de vehículo?",
        "termina en 7304, ¿cierto?",
        "desde el 4 de diciembre no abona",
        "está en mora",
    ]
    .into_iter()
    .enumerate()
    {
        let refused = world.say(&ana, ticket, text, &format!("k{n}")).await;
        assert_eq!(refused.code(), (422, "text_refused"), "{text}");
        assert_eq!(refused.body["hits"][0]["class"], "LINT-THIRD", "{text}");
    }
    let kind = "Con gusto le ayudo; el asistente le hará dos preguntas para saber que es usted. Su caso es el 123456.";
    assert_eq!(world.say(&ana, ticket, kind, "kind").await.status, 202);
}

async fn money_goes_only_to_the_lender(world: World) {
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    for (n, (text, class)) in [
        ("Pague por Nequi al 3001234567", "LINT-PAYEE"),
        ("Transfiera a la cuenta 123-456789-00 a nombre de Pedro Pérez", "LINT-PAYEE"),
        ("Pague aquí: http://bit.ly/xyz", "LINT-LINK"),
        ("Mejor me llama al 300 123 4567", "LINT-CONTACT"),
        ("Le condono el 90% y queda a paz y salvo", "LINT-OFFER"),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = world.say(&ana, ticket, text, &format!("k{n}")).await;
        assert_eq!(refused.code(), (422, "text_refused"), "{text}");
        let hits = refused.body["hits"].as_array().unwrap();
        assert!(hits.iter().any(|hit| hit["class"] == class), "{text}: {hits:?}");
    }
    let own = "Consigne a la cuenta de ahorros 400-765432-10 de Banco Andino, o pague en https://pagos.bancoandino.example/pagar";
    assert_eq!(world.say(&ana, ticket, own, "own").await.status, 202);
}

async fn a_number_in_several_messages_is_read_as_one(world: World) {
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    for (n, pieces) in [
        ["Anote por favor:", "31", "0", "77", "82 64", "19"].as_slice(),
        &["Consigne a", "la cuenta", "55", "09", "1"],
        &["Consigne a", "esta cuenta:", "dos dos", "uno uno", "ocho"],
        &["Consigne a", "Luz Perea"],
    ]
    .into_iter()
    .enumerate()
    {
        world.pass(Millis::minutes(11));
        world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
        let mut codes = Vec::new();
        for (m, piece) in pieces.iter().enumerate() {
            codes.push(world.say(&ana, ticket, piece, &format!("p{n}-{m}")).await.status);
        }
        assert!(codes.contains(&422), "{pieces:?}: {codes:?}");
        assert_eq!(codes[0], 202, "{pieces:?}");
    }
}

async fn a_number_of_the_lender_in_several_messages_passes(world: World) {
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    for (n, text) in
        ["Con gusto.", "La cuenta es 400-765432-10", "de Banco Andino S.A.", "Su caso es el 88231", "15"]
            .into_iter()
            .enumerate()
    {
        let sent = world.say(&ana, ticket, text, &format!("good{n}")).await;
        assert_eq!(sent.status, 202, "{text}: {}", sent.body);
    }
}

async fn a_refusal_says_where_and_what_to_write(world: World) {
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    let text = "  Señora, consigne a mi Nequi.";
    let refused = world.say(&ana, ticket, text, "k").await;
    let hit = &refused.body["hits"][0];
    let (start, end) =
        (hit["places"][0]["start"].as_u64().unwrap(), hit["places"][0]["end"].as_u64().unwrap());
    let marked: String = text
        .chars()
        .skip(usize::try_from(start).unwrap())
        .take(usize::try_from(end - start).unwrap())
        .collect();
    assert_eq!(marked, "consigne a mi Nequi");
    assert!(hit["remedy"].as_str().unwrap().contains("nunca a una persona"));
    assert!(hit["instead"].as_str().unwrap().contains("400-765432-10"), "the lender's own account");
}

async fn an_agent_answers_at_any_hour_and_begins_only_within_the_law(world: World) {
    // 3 a. m. of a Friday in Bogotá.
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    let take = format!("/api/v1/tickets/{ticket}/take");
    world.pass(Millis::hours(2));
    world.call(&ana, "POST", &take, None).await;
    assert_eq!(
        world.say(&ana, ticket, "Buenas, aquí estoy.", "answer").await.status,
        202,
        "the person waits"
    );
    let night = world.say(&ana, ticket, "¿Quiere que sigamos?", "night").await;
    assert_eq!(night.code(), (409, "contact_refused"), "two hours after the person's last word");
    assert_eq!(
        (&night.body["reason"], &night.body["until"]),
        (&"outside_hours".into(), &"2027-01-15T12:00:00Z".into())
    );
    world.pass(Millis::hours(3));
    world.call(&ana, "POST", &take, None).await;
    assert_eq!(world.say(&ana, ticket, "Buenos días, ¿seguimos?", "morning").await.status, 202);
    assert_eq!(world.say(&ana, ticket, "Aquí le ayudo.", "morning2").await.status, 202, "the same notice");
    world.pass(Millis::hours(1));
    world.call(&ana, "POST", &take, None).await;
    let again = world.say(&ana, ticket, "¿Pudo ver las opciones?", "again").await;
    assert_eq!(
        (again.code(), &again.body["reason"]),
        ((409, "contact_refused"), &"contacted_recently".into())
    );
}

async fn one_person_with_two_phones_is_contacted_once_a_day(world: World) {
    let (mut person, debt) = debtor();
    person.phones.push(Pii::new("573000000001".to_owned()));
    let ids = [person.id];
    world.store.import(&lender(), &[person], &[debt], T0).await.unwrap();
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let mut tickets = Vec::new();
    for _ in 0..2 {
        tickets.push(
            world
                .ticket_of_person(
                    &lender(),
                    ("cobranzas", Priority::Normal, Assurance::Verificada),
                    Some(ids[0]),
                )
                .await,
        );
    }
    // 8 a. m. of the same Friday in Bogotá, hours after both wrote.
    world.pass(Millis::hours(5));
    for (n, ticket) in tickets.iter().enumerate() {
        world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
        let answer = world.say(&ana, *ticket, "Buenos días, aquí estoy.", &format!("answer{n}")).await;
        assert_eq!(answer.status, 202, "an answer is no contact");
    }
    let begun = world.say(&ana, tickets[0], "¿Quiere que sigamos?", "begun").await;
    assert_eq!(begun.status, 202);
    world.pass(Millis::hours(1));
    world.call(&ana, "POST", &format!("/api/v1/tickets/{}/take", tickets[1]), None).await;
    let again = world.say(&ana, tickets[1], "¿Quiere que sigamos?", "again").await;
    assert_eq!(
        (again.code(), &again.body["reason"]),
        ((409, "contact_refused"), &"contacted_recently".into())
    );
}

async fn what_nobody_sees_is_not_written(world: World) {
    let (ana, ticket) = held(&world, Assurance::Verificada).await;
    for (n, text) in
        ["\u{200b}", "\u{2060}\u{feff} \u{200d}", "Pague \u{202e}0001", "a\u{2066}b"].into_iter().enumerate()
    {
        let refused = world.say(&ana, ticket, text, &format!("k{n}")).await;
        assert_eq!(refused.code(), (422, "value_invalid"), "{text:?}");
    }
    assert_eq!(
        world.say(&ana, ticket, "línea 1\r\nlí\u{200b}nea 2 👨\u{200d}👩\u{200d}👧", "lines").await.status,
        202
    );
    let story = world.call(&ana, "GET", &format!("/api/v1/tickets/{ticket}/messages"), None).await;
    let messages = story.body["messages"].as_array().unwrap();
    assert_eq!(messages.last().unwrap()["text"], "línea 1\nlínea 2 👨\u{200d}👩\u{200d}👧");
}
