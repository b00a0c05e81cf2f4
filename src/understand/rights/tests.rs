//! Which right is meant, also where another one is denied.

use super::{asks_for_silence, right_named};
use crate::rules::data_rights::DataRight::{Access, Authorisation, Correction, Erasure, Revocation};

#[test]
fn the_words_name_the_right() {
    for (words, right) in [
        ("quiero que borren mis datos personales", Some(Erasure)),
        ("eliminen toda mi informacion de su base de datos", Some(Erasure)),
        ("quiero una copia de mis datos", Some(Access)),
        ("que datos tienen de mi", Some(Access)),
        ("mi nombre esta mal", Some(Correction)),
        ("quiero actualizar mi direccion", Some(Correction)),
        ("quien les autorizo a usar mis datos", Some(Authorisation)),
        ("revoco la autorizacion", Some(Revocation)),
        ("retiro mi consentimiento", Some(Revocation)),
        ("quero apagar meus dados", Some(Erasure)),
        ("quais dados voces tem sobre mim", Some(Access)),
        ("meu nome esta errado", Some(Correction)),
        ("delete my personal data", Some(Erasure)),
        ("i withdraw my consent", Some(Revocation)),
        ("a copy of my data", Some(Access)),
        ("rectifiquen mis datos", Some(Correction)),
        ("cancelen mis datos personales", Some(Erasure)),
        ("me opongo al tratamiento de mis datos personales", Some(Revocation)),
        ("quem passou meus dados", Some(Authorisation)),
        ("no autorizo el uso de mis datos", Some(Revocation)),
        ("habeas data", None),
    ] {
        assert_eq!(right_named(words), right, "{words}");
    }
}

#[test]
fn a_right_that_is_denied_is_not_asked_for() {
    for (words, right) in [
        ("no quiero que borren mis datos solo quiero verlos", Some(Access)),
        ("no estoy revocando la autorizacion solo quiero saber que datos tienen", Some(Access)),
        ("no me borren solo quiero una copia de mis datos", Some(Access)),
        ("prefiero que no eliminen mis datos solo corrijan mi nombre", Some(Correction)),
        ("no pido que me borren pido que corrijan mi direccion", Some(Correction)),
        ("do not delete my data i only want a copy", Some(Access)),
        ("i dont want you to delete my data just fix my name", Some(Correction)),
        ("im not revoking my consent i want to see my data", Some(Access)),
        ("nao apaguem meus dados so quero uma copia", Some(Access)),
        ("nao estou revogando a autorizacao quero saber quais dados voces tem", Some(Access)),
        ("no eliminen mis datos corrijan mi nombre", Some(Correction)),
        ("no quiero retirar mi autorizacion quiero actualizar mi correo", Some(Correction)),
        ("quiero ver mis datos sin que los borren", Some(Access)),
        ("no es que quiera borrar mis datos es que quiero saber que tienen", Some(Access)),
        ("no quiero cancelar mi consentimiento", None),
        ("no quiero que borren ni eliminen mis datos", None),
        ("jamas pedi que borraran mis datos", None),
        ("no borren mis datos", None),
        ("nao apaguem nada", None),
        ("dont erase my information", None),
    ] {
        assert_eq!(right_named(words), right, "{words}");
    }
}

#[test]
fn what_was_not_done_is_asked_for() {
    for (words, right) in [
        ("por que no han borrado mis datos", Erasure),
        ("todavia no borran mis datos", Erasure),
        ("no borraron mi informacion", Erasure),
        ("no me han corregido el nombre", Correction),
        ("ainda nao apagaram meus dados", Erasure),
        ("you havent deleted my data", Erasure),
        ("no quieren borrar mis datos", Erasure),
        ("no me dan acceso a mis datos", Access),
        ("no tengo copia de mis datos", Access),
        ("no quiero que tengan mas mis datos borrenlos", Erasure),
        ("yo no les di permiso de usar mis datos", Authorisation),
    ] {
        assert_eq!(right_named(words), Some(right), "{words}");
    }
}

#[test]
fn where_data_come_from_is_to_be_told() {
    for (words, right) in [
        ("de donde sacaron mis datos", Some(Access)),
        ("como consiguieron mi numero", Some(Access)),
        ("de donde sacaron mi telefono", Some(Access)),
        ("onde conseguiram meus dados", Some(Access)),
        ("where did you get my number", Some(Access)),
        ("quien les dio mi numero", Some(Authorisation)),
        ("quien les dio permiso de escribirme", Some(Authorisation)),
        ("who gave you my number", Some(Authorisation)),
        ("mis datos se filtraron que paso", None),
    ] {
        assert_eq!(right_named(words), right, "{words}");
    }
}

#[test]
fn a_wish_for_silence_beside_it_is_seen() {
    for (words, silence) in [
        ("borren mis datos y no me escriban mas", true),
        ("apaguem meus dados e parem de me mandar mensagens", true),
        ("delete my data and stop texting me", true),
        ("borrenme de su base", true),
        ("no quiero que me escriban y borren mis datos", true),
        ("no quiero mas mensajes", true),
        ("presento queja para que no me llamen de noche", false),
        ("borren mis datos", false),
        ("yo no me llamo wilson", false),
        ("no quiero que usen mis datos", false),
        ("no quiero que dejen de escribirme quiero ver mis datos", false),
        ("no estoy pidiendo que no me escriban quiero una copia", false),
        ("nao quero que parem de escrever quero meus dados", false),
        ("i dont want you to stop texting me i want my data", false),
    ] {
        assert_eq!(asks_for_silence(words), silence, "{words}");
    }
}
