-- In: now. Marks the chosen rewards as released, by their entry.
UPDATE reward w SET released_at = :now, release_entry_id = r.entry_id FROM releasing r WHERE r.reward_id = w.id
