// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <tour/scenes.hpp>

namespace tour {
namespace {

using words = std::vector<std::string>;

// Storage for `more`, and the words in it. A real engine launches its kernels in between.
kv::result<void> speak(speaker& who, const words& more) {
  if (auto ok = who.kv.append(more.size()); !ok) return ok;
  for (const auto& word : more) who.words.push_back(word);
  const std::vector<kv::token_id> ids(more.size());
  who.kv.commit(ids);
  return {};
}

void a_chat_begins(stage& on) {
  on.scene("A chat begins");
  auto& chat = on.speakers["chat"] = {on.memory.create().value(), {}};
  speak(chat, {"why", "do", "birds", "sing", "at", "dawn"}).value();
  stage::say(fmt::format(
      "A prompt of {} tokens came in. A page holds {}, so it got {} of them, the last one partly "
      "used (a dot is a free position). The page table says which: position p is in page p / {} of "
      "its list, wherever in memory that page is.",
      chat.kv.length(), stage::tokens_per_page, chat.kv.page_count(), stage::tokens_per_page));
  on.show();
}

void it_grows(stage& on) {
  on.scene("It grows, token by token");
  auto& chat = on.speakers["chat"];
  const auto before = on.memory.observer().counts().page_faults;
  for (const auto* word : {"?", "they", "claim"}) speak(chat, {word}).value();
  stage::say(fmt::format(
      "Three more tokens took {} more page. Nothing was moved, and nothing was set aside for an "
      "answer that may be long or short: what is wasted is never more than the rest of one page.",
      on.memory.observer().counts().page_faults - before));
  on.show();
}

void it_forks(stage& on) {
  on.scene("It forks into three beams");
  auto& chat = on.speakers["chat"];
  const auto used = on.memory.statistics().used_pages;
  on.speakers["1st"] = {chat.kv.fork().value(), chat.words};
  on.speakers["2nd"] = {chat.kv.fork().value(), chat.words};
  stage::say(fmt::format(
      "Beam search wants to go on in three ways. A fork copies the list of pages and no page: {} "
      "pages were in use before, {} are now, and all three conversations read the same memory.",
      used, on.memory.statistics().used_pages));
  on.show();
}

void they_diverge(stage& on) {
  on.scene("They diverge");
  const auto before = on.memory.observer().counts().page_copies;
  speak(on.speakers["1st"], {"their"}).value();
  speak(on.speakers["2nd"], {"a"}).value();
  speak(on.speakers["chat"], {"land"}).value();
  stage::say(fmt::format(
      "Each beam says another word, and so writes to a page that the others read. Whoever is not "
      "alone copies it first: {} copies for three beams, for the last one finds itself alone and "
      "writes in place. The full pages before are still shared.",
      on.memory.observer().counts().page_copies - before));
  on.show();
}

void one_is_dropped(stage& on) {
  on.scene("A beam is dropped");
  const auto before = on.memory.statistics().free_pages;
  on.speakers.erase("2nd");
  stage::say(fmt::format(
      "The second beam was the worst. When its handle goes, so do the pages that nobody else has: "
      "{} of them.",
      on.memory.statistics().free_pages - before));
  on.show();
}

void it_speculates(stage& on) {
  on.scene("The chat speculates");
  auto& chat = on.speakers["chat"];
  const words guesses{"before", "others", "wake", "up", "hungry", "too"};
  chat.kv.append(guesses.size()).value();
  chat.words.insert(chat.words.end(), guesses.begin(), guesses.end());
  stage::say(
      fmt::format("A small model guesses {} words ahead, so that the large one can check them all "
                  "at once. They "
                  "get storage as any others, but are not committed: of {} tokens, {} are.",
                  guesses.size(), chat.kv.length(), chat.kv.committed()));
  on.show();
}

void it_rolls_back(stage& on) {
  on.scene("And takes it back");
  auto& chat = on.speakers["chat"];
  const std::vector<kv::token_id> accepted(2);
  const auto dropped = chat.kv.truncate(chat.kv.committed() + accepted.size());
  chat.kv.commit(accepted);
  chat.words.resize(chat.kv.length());
  stage::say(fmt::format(
      "The large model agrees with the first {} words only. They are committed; truncating to {} "
      "tokens drops the other {}, and {} page with them.",
      accepted.size(), chat.kv.length(), dropped.tokens, dropped.pages));
  on.show();
}

const words long_prompt{"tell", "me", "all",  "that",  "is", "known", "of",    "the",   "song",
                        "of",   "a",  "wren", "which", "is", "a",     "small", "brown", "bird"};

void memory_runs_out(stage& on) {
  on.scene("Memory runs out");
  speaker next{on.memory.create().value(), {}};
  const auto fit = next.kv.probe(long_prompt.size());
  const auto digest = on.memory.state_digest();
  const auto refused = speak(next, long_prompt);
  if (refused || digest != on.memory.state_digest()) {
    throw std::logic_error("the prompt should not have fitted, and nothing should have changed");
  }
  stage::say(fmt::format(
      "Somebody else sends a prompt of {} tokens. It needs {} pages, and {} are free: append says "
      "\"{}\". That is a value to look at, not a crash, and nothing has changed.",
      long_prompt.size(), fit.pages_needed, fit.pages_obtainable, to_string(refused.error())));
  on.show();
}

void a_beam_gives_way(stage& on) {
  on.scene("A beam gives way");
  auto& preempted = on.speakers["1st"];
  const auto kept = preempted.words.size();
  on.speakers.erase("1st");
  auto& next = on.speakers["wren"] = {on.memory.create().value(), {}};
  speak(next, long_prompt).value();
  stage::say(fmt::format(
      "The engine preempts a beam: it lets its pages go and keeps its {} words, to compute them "
      "again later. Now the new prompt fits, in whatever pages are free.",
      kept));
  on.show();
}

void all_is_well(stage& on) {
  on.scene("Everybody leaves");
  on.speakers.clear();
  if (const auto* broken = on.memory.check_invariants()) throw std::logic_error(broken);
  const auto& counts = on.memory.observer().counts();
  stage::say(fmt::format(
      "All pages are free again. It took {} page faults and {} page copies; sharing saved {} "
      "copies, and {} times a page was used that had been somebody's before.",
      counts.page_faults, counts.page_copies, counts.copies_saved(), counts.page_reuses));
  on.show();
}

}  // namespace

void play(stage& on) {
  a_chat_begins(on);
  it_grows(on);
  it_forks(on);
  they_diverge(on);
  one_is_dropped(on);
  it_speculates(on);
  it_rolls_back(on);
  memory_runs_out(on);
  a_beam_gives_way(on);
  all_is_well(on);
}

}  // namespace tour
