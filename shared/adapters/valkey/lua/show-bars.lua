#!lua
--[[
  Shows bars in the read cache, each unless a newer one is there.

  KEYS   two a bar: of its symbol, of its symbol and exchange
  ARGV   1 time to live in seconds, then per bar: timestamp, version, '1' if closed, its JSON
  Result how many keys show them
  The order is timestamp, then version, then closed; it is read back from the JSON, which is ours.
]]
local shown = 0
for i, key in ipairs(KEYS) do
  local arg = 2 + math.floor((i - 1) / 2) * 4
  local timestamp, version, closed = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1]), ARGV[arg + 2] == '1'
  local there = redis.call('GET', key)
  local newer = true
  if there then
    local t = tonumber(string.match(there, '"timestamp":(%d+)')) or -1
    local v = tonumber(string.match(there, '"version":(%d+)')) or -1
    if t ~= timestamp then newer = t < timestamp
    elseif v ~= version then newer = v < version
    else newer = closed or not string.find(there, '"closed":true', 1, true) end
  end
  if newer then
    redis.call('SET', key, ARGV[arg + 3], 'EX', ARGV[1])
    shown = shown + 1
  end
end
return shown
