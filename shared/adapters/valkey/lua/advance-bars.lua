#!lua
--[[
  Moves some slots of bar state to a new position, with what changed in them, or does nothing.

  KEYS   per slot: its state hash, its outbox hash
  ARGV   1 version to move to, 2 ns of that message, 3 token of this commit, 4 schema number
         then per slot: version it must stand at, '1' if it may have none yet, token it must have,
         fields to set, fields to delete, outbox entry ('' = none), outbox entries to delete
         Lists are one text: count as 4 bytes, then per entry the name after its length in 2 bytes (and the value after its length in 4).
  Result  1 moved
          0 all slots stand at the version or beyond: done before
         -1 some slot stands elsewhere
         -2 a slot was written by another commit than the caller knows
         -3 a slot is of another schema
  All checks come before the first write. Safe to run twice: the second finds its own version.
]]
local PER_SLOT = 7
local MOST_AT_ONCE = 100

local last = tonumber(ARGV[1])
local slots = #KEYS / 2

local apply, done, stale = true, true, false
local new = {}
for i = 0, slots - 1 do
  local stored = redis.call('HMGET', KEYS[2 * i + 1], '@version', '@token', '@schema')
  local arg = 5 + i * PER_SLOT
  if stored[1] then
    if stored[3] ~= ARGV[4] then return -3 end
    local version = tonumber(stored[1])
    if version ~= tonumber(ARGV[arg]) then apply = false end
    if version < last then done = false end
    if stored[2] ~= ARGV[arg + 2] then stale = true end
  else
    if ARGV[arg + 1] ~= '1' then apply = false end
    if ARGV[arg + 2] ~= '' then stale = true end
    done = false
    new[i] = true
  end
end
if not apply then return done and 0 or -1 end
if stale then return -2 end

local function each(list, entry, values, run)
  local count, at = struct.unpack('<I4', list)
  while count > 0 do
    local now = math.min(count, MOST_AT_ONCE)
    local parts = { struct.unpack('<' .. string.rep(entry, now), list, at) }
    at = parts[now * values + 1]
    parts[now * values + 1] = nil
    run(parts)
    count = count - now
  end
end

for i = 0, slots - 1 do
  local state, outbox = KEYS[2 * i + 1], KEYS[2 * i + 2]
  local arg = 5 + i * PER_SLOT
  each(ARGV[arg + 4], 'Hc0', 1, function(names) redis.call('HDEL', state, unpack(names)) end)
  each(ARGV[arg + 3], 'Hc0I4c0', 2, function(pairs) redis.call('HSET', state, unpack(pairs)) end)
  each(ARGV[arg + 6], 'Hc0', 1, function(names) redis.call('HDEL', outbox, unpack(names)) end)
  if ARGV[arg + 5] ~= '' then redis.call('HSET', outbox, ARGV[3], ARGV[arg + 5]) end
  redis.call('HSET', state, '@version', ARGV[1], '@ns', ARGV[2], '@token', ARGV[3])
  if new[i] then redis.call('HSET', state, '@schema', ARGV[4]) end
end
return 1
