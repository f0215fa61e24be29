//! The ledger on both databases: the same stories are told to SQLite and to PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what is wrong by failing"
)]

mod access;
mod copies;
mod cut_off;
mod kept;
mod killed;
mod nights;
mod place;
#[path = "../postgres/mod.rs"]
mod postgres;
mod refusals;
mod samples;
mod stories;
mod tampering;
mod writers;

use place::Place;

/// One test for each story on SQLite; one test that tells all of them to one PostgreSQL server,
/// each in a database of its own.
macro_rules! told_to_both {
    ($($module:ident :: $story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    crate::$module::$story(&crate::Place::sqlite()).await;
                }
            )+
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn on_postgres() {
            let Some(server) = postgres::Server::start() else { return };
            $(
                println!("{}", stringify!($story));
                $module::$story(&Place::postgres(&server, stringify!($story)).await).await;
            )+
        }
    };
}

told_to_both!(
    stories::items_are_numbered_found_and_read_back,
    stories::an_append_is_whole_or_not_at_all,
    stories::a_survey_counts_once,
    stories::the_last_scans_go_by_when_they_were_taken,
    stories::nothing_is_changed_or_deleted,
    stories::the_items_in_memory_follow_what_others_append,
    tampering::a_changed_body_is_named,
    tampering::a_rehashed_entry_breaks_the_next_one,
    tampering::a_lost_tail_and_a_lost_middle_are_named,
    tampering::entries_in_another_order_are_named,
    tampering::a_rewritten_head_or_beginning_is_named,
    tampering::an_uncounted_survey_is_named,
    tampering::a_skipped_version_is_named,
    tampering::an_event_from_the_future_is_an_error_that_says_upgrade,
    killed::a_killed_writer_leaves_whole_appends_and_loses_none,
    cut_off::the_clock_may_jump,
    kept::lists_need_few_events_and_decisions_have_all,
    kept::what_is_kept_and_wrong_is_named_and_made_anew,
    kept::a_schema_is_taken_back_and_brought_again,
    access::a_token_lets_in_until_it_is_taken_back,
    access::a_session_ends_with_its_time_its_token_or_its_person,
    nights::work_is_done_once_however_many_are_at_it,
    nights::many_take_each_piece_once,
    nights::a_host_is_asked_by_so_many_at_a_time,
    nights::an_inventory_is_read_back,
    writers::many_writers_leave_one_whole_chain,
    writers::many_processes_may_make_the_ledger_at_once,
);
