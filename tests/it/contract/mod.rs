//! The store's contract: every case runs on SQLite, on PostgreSQL and on the memory store of the simulation.
//! A skipped part is a failure.

mod accept;
pub mod backends;
mod begun;
mod cases;
mod claims;
mod commits;
mod dead_letters;
mod desk;
mod doubts;
mod identity;
mod lenders;
pub mod make;
mod media;
mod operations;
mod owner;
mod parity;
mod people;
mod retention;
mod rights;
mod schema;
mod sending;
mod statuses;
mod tries;

/// Runs every case against every backend; the test's name says which.
macro_rules! store_contract {
    ($($module:ident::$case:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let bench = super::backends::sqlite().await;
                super::$module::$case(&*bench.store).await;
            })*
        }
        mod in_memory {
            $(#[tokio::test]
            async fn $case() {
                super::$module::$case(&super::backends::memory()).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let bench = super::backends::postgres().await;
                super::$module::$case(&*bench.store).await;
                bench.drop_schema().await;
            })*
        }
    };
}

store_contract!(
    accept::the_same_webhook_twice_adds_one_input,
    accept::a_duplicate_leaves_its_neighbours_alone,
    accept::two_copies_in_one_batch_are_one,
    accept::an_acknowledged_batch_may_come_again_whole,
    accept::unreadable_bodies_are_kept_and_counted,
    accept::items_of_foreign_numbers_are_stored_and_left_alone,
    accept::what_is_no_input_becomes_a_notice,
    accept::the_window_counts_from_the_newest_message,
    accept::a_zero_character_blocks_nobody,
    accept::parallel_acceptors_create_one_conversation,
    identity::a_phone_and_a_user_id_are_linked_by_one_payload,
    identity::two_chats_of_one_account_stay_two_and_the_accounts_goes_on,
    identity::another_account_on_a_known_phone_has_it_from_now_on,
    identity::a_conflict_ends_when_somebody_says_so_and_proves_nobody,
    identity::an_account_on_another_phone_is_told_before_its_message,
    identity::a_changed_number_takes_the_chat_along,
    identity::a_number_that_another_chat_holds_is_not_taken,
    identity::a_number_that_its_holder_left_is_nobodys,
    identity::one_person_on_two_numbers_of_ours_has_two_chats,
    claims::inputs_come_in_order_of_arrival,
    claims::a_claimed_conversation_is_nobody_elses,
    claims::parallel_claimers_share_without_overlap,
    claims::a_lease_ends_and_the_token_rises,
    claims::at_most_so_many_inputs_come_and_the_rest_follow,
    claims::a_released_claim_waits_and_counts_a_failure,
    claims::a_claim_given_back_counts_no_failure,
    claims::new_input_during_a_lease_waits_for_its_end,
    claims::timers_become_inputs_once,
    claims::an_added_input_counts_once,
    claims::a_conversation_is_found_by_either_address,
    claims::the_backlog_is_counted,
    desk::people_whose_window_shuts_while_they_wait_are_counted,
    desk::a_list_of_tickets_is_read_whole_page_by_page,
    commits::a_commit_writes_everything,
    commits::a_stale_commit_leaves_nothing,
    commits::what_is_withheld_is_kept_in_its_other_form,
    commits::a_once_conflict_refuses_only_its_commit,
    commits::the_same_once_key_twice_in_a_batch_goes_to_the_first,
    commits::two_people_may_have_one_once_key_in_a_batch,
    commits::a_lease_can_be_kept_over_several_commits,
    commits::a_message_id_is_queued_once,
    commits::timers_are_replaced_whole,
    commits::an_opt_out_is_undone_by_an_opt_in,
    commits::parallel_agreements_with_one_key_make_one,
    sending::messages_go_one_by_one_in_order,
    sending::messages_of_a_followed_turn_know_their_trace,
    sending::a_retry_keeps_the_order,
    sending::a_wait_gives_its_attempt_back,
    sending::an_expired_send_is_in_doubt_and_never_claimable,
    sending::late_news_of_a_doubt_counts,
    sending::a_result_with_an_old_token_changes_nothing,
    sending::a_commit_withdraws_what_waits_from_earlier_turns,
    sending::a_claim_tells_the_gate_what_it_needs,
    sending::parallel_senders_never_share_a_conversation,
    begun::a_claim_that_was_not_begun_never_left,
    begun::who_wakes_late_begins_nothing,
    begun::a_claim_is_begun_once,
    begun::what_is_given_back_keeps_its_place,
    begun::what_was_claimed_can_still_be_withdrawn,
    begun::a_status_keeps_a_claimed_message_from_being_sent_again,
    begun::that_it_was_taken_counts_under_any_token,
    begun::answers_are_claimed_before_what_we_begin,
    begun::a_claim_may_be_of_one_number_or_of_others,
    begun::only_what_nobody_has_claimed_is_withdrawn,
    doubts::silence_is_judged_beside_what_was_taken_just_before,
    doubts::a_report_that_waits_is_seen_before_it_is_applied,
    doubts::a_doubt_ends_in_the_queue_or_unconfirmed,
    doubts::the_first_answer_still_counts_after_a_doubt_has_ended_in_the_queue,
    doubts::a_receipt_names_its_agreement,
    statuses::a_message_has_a_fate,
    statuses::a_doubted_message_is_missed_until_a_status_proves_it,
    statuses::ranks_only_rise,
    statuses::a_failure_counts_only_below_delivered,
    statuses::a_status_resolves_a_doubt,
    statuses::a_status_before_its_message_is_parked_and_woken,
    statuses::a_status_without_a_message_is_given_up,
    statuses::a_status_of_another_lender_does_not_match,
    people::an_import_is_idempotent,
    people::an_older_balance_never_replaces_a_newer_one,
    people::an_import_of_another_lenders_row_changes_nothing,
    people::large_imports_are_written_whole,
    people::an_import_in_batches_is_one_import,
    people::a_person_file_holds_what_is_open,
    people::an_agreement_is_kept_once,
    people::a_once_key_belongs_to_one_debt_of_one_person,
    people::a_wrong_number_is_cut_and_stays_marked,
    people::what_people_decide_about_a_person_holds_in_every_chat,
    people::tries_of_identity_add_up,
    tries::a_try_that_was_judged_without_another_is_refused,
    tries::of_two_tries_about_one_person_in_a_batch_the_second_is_refused,
    tries::tries_of_one_account_on_two_numbers_of_ours_see_each_other,
    tries::parallel_tries_about_one_person_come_one_after_the_other,
    people::an_opt_out_reaches_every_chat_of_the_address,
    people::an_opt_out_is_known_to_a_chat_that_begins_later,
    dead_letters::a_turn_set_aside_is_kept_and_comes_back_in_its_order,
    dead_letters::an_unreadable_delivery_waits_until_it_is_settled,
    retention::old_deliveries_go_and_unreadable_ones_stay,
    retention::worked_off_updates_go_with_their_keys,
    retention::worked_off_notices_go_and_parked_ones_stay,
    retention::inputs_of_a_dead_letter_stay_until_it_was_retried,
    retention::an_ended_chat_goes_whole_and_others_stay_whole,
    retention::a_chat_that_proves_or_will_do_something_stays,
    retention::parallel_sweeps_remove_everything_once,
    rights::a_copy_holds_everything_of_a_person_and_nothing_of_others,
    rights::a_copy_holds_no_try_that_proved_another_person,
    rights::an_erasure_leaves_nothing_of_a_person_and_everything_of_others,
    rights::a_running_agreement_or_an_open_case_holds_an_erasure,
    rights::a_turn_and_a_send_under_way_come_to_nothing_in_an_erasure,
    rights::an_erased_persons_wish_not_to_be_written_to_is_kept,
    media::a_file_is_wanted_with_its_turn_and_once,
    media::a_claimed_file_is_free_again_when_its_lease_ends,
    media::a_file_is_tried_again_later_or_given_up_with_a_reason,
    media::the_files_of_a_chat_within_a_day_are_counted,
    media::who_opens_a_file_stands_in_the_log_of_the_chat,
    media::files_go_with_an_erasure_and_with_the_log_of_their_chat,
    cases::a_case_waits_until_it_is_closed_once,
    cases::a_closed_case_holds_nothing_and_may_be_asked_again,
    cases::a_running_agreement_ends_once,
    cases::agreements_are_listed_and_a_wrong_end_is_put_right,
    rights::on_a_shared_phone_each_has_what_was_said_while_they_were_proved,
    rights::whoever_was_proved_last_on_a_shared_phone_leaves_a_stranger,
    rights::an_open_ticket_of_a_shared_chat_holds_an_erasure,
    rights::a_request_that_is_open_is_not_ended_in_silence,
    rights::what_an_erasure_keeps_leads_to_nobody_without_the_key,
    desk::fifty_agents_get_one_ticket_once,
    desk::a_lost_lease_is_refused_everywhere,
    desk::a_confirmed_person_stays_with_the_agent,
    desk::a_renewed_lease_lives_on,
    desk::an_agents_message_is_queued_once,
    desk::an_agents_message_waits_for_what_is_unread,
    desk::an_agents_message_is_void_once_another_has_the_ticket,
    desk::a_resolved_ticket_gives_the_chat_back,
    desk::returning_to_the_bot_names_the_step,
    desk::a_transfer_keeps_the_wait,
    desk::the_wait_starts_again_when_the_person_writes,
    desk::the_live_queue_hears_of_each_change_once,
    desk::a_conversation_has_one_open_ticket,
    desk::an_open_ticket_is_raised_by_a_later_reason,
    desk::a_ticket_opened_and_left_in_one_commit_is_closed,
    lenders::no_query_crosses_lenders,
    operations::agents_are_known_by_their_token,
    operations::flow_versions_are_kept_as_published,
    operations::stops_survive_and_keep_their_time,
    operations::a_closed_store_is_unavailable,
    operations::the_schema_is_current,
    owner::a_tool_takes_nothing_over,
);
