#!lua
--[[
  Moves some slots of bar state to a new position, with what changed in them, or does nothing.

  KEYS   1 the positions hash: slot -> "version token ns", and the schema number; then, of each slot that changes: its state hash, its outbox hash
  ARGV   1 version to move to, 2 what the positions are then ("version token ns"), 3 token of this commit, 4 schema number, 5 how many slots move
         then per slot that moves: its name, what its position must begin with ("version token "), '1' if it may have none yet
         then per slot that changes: fields to set, fields to delete, outbox entry ('' = none), outbox entries to delete
         Lists are one text: count as 4 bytes, then per entry the name after its length in 2 bytes (and the value after its length in 4); '' is an empty one.
  Result  1 moved
          0 all slots stand at the version or beyond: done before
         -1 some slot stands elsewhere, or at the version but at another message
         -2 a slot was written by another commit than the caller knows
         -3 the state is of another schema
  All checks come before the first write. Safe to run twice: the second finds its own version.
]]
local MOVES_AT, PER_MOVE, PER_CHANGE = 6, 3, 4
local MOST_AT_ONCE = 100

local last = tonumber(ARGV[1])
local ns = string.match(ARGV[2], '%d+$')
local moves = tonumber(ARGV[5])

local names = { '@schema' }
for i = 1, moves do names[i + 1] = ARGV[MOVES_AT + (i - 1) * PER_MOVE] end
local stored = redis.call('HMGET', KEYS[1], unpack(names))
if stored[1] and stored[1] ~= ARGV[4] then return -3 end

local apply, done, stale = true, true, false
for i = 1, moves do
  local arg = MOVES_AT + (i - 1) * PER_MOVE
  local there, must = stored[i + 1], ARGV[arg + 1]
  local version = there and string.match(there, '^%d+')
  if not there then
    if ARGV[arg + 2] ~= '1' then apply = false end
    -- No commit wrote it, so the caller can know of none.
    if not string.find(must, '^%d+  $') then stale = true end
  elseif string.sub(there, 1, #must) ~= must then
    if version ~= string.match(must, '^%d+') then apply = false end
    stale = true
  end
  if not there or tonumber(version) < last then done = false end
  if version and tonumber(version) == last then
    local other = string.match(there, '%d+$')
    if other ~= ns and other ~= '0' and ns ~= '0' then apply, done = false, false end
  end
end
if not apply then return done and 0 or -1 end
if stale then return -2 end

local function each(list, entry, values, run)
  if list == '' then return end
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

local arg = MOVES_AT + moves * PER_MOVE
for key = 2, #KEYS, 2 do
  local state, outbox = KEYS[key], KEYS[key + 1]
  each(ARGV[arg + 1], 'Hc0', 1, function(fields) redis.call('HDEL', state, unpack(fields)) end)
  each(ARGV[arg], 'Hc0I4c0', 2, function(pairs) redis.call('HSET', state, unpack(pairs)) end)
  each(ARGV[arg + 3], 'Hc0', 1, function(fields) redis.call('HDEL', outbox, unpack(fields)) end)
  if ARGV[arg + 2] ~= '' then redis.call('HSET', outbox, ARGV[3], ARGV[arg + 2]) end
  arg = arg + PER_CHANGE
end

local moved = { '@schema', ARGV[4] }
for i = 1, moves do
  moved[2 * i + 1] = names[i + 1]
  moved[2 * i + 2] = ARGV[2]
end
redis.call('HSET', KEYS[1], unpack(moved))
return 1
