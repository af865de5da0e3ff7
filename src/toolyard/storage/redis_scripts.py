"""What is done to the keys of a store in Redis: Lua, as a script is one atomic step there."""

from __future__ import annotations

from hashlib import sha1

from toolyard.storage.checks import MAX_INTEGER
from toolyard.storage.watching import BATCH, MAX_BEHIND

_REAPED = 20
"""Ended leases that one change removes besides its own work."""
_LOOKED_AT = 1_000
"""Keys that one script looks at."""

LOST = "LOST"
"""How the error begins that says that the server has fallen behind what it once acknowledged."""

_SHARED = f"""
local heads, values, order, leases = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local versions, deleted, state = KEYS[5], KEYS[6], KEYS[7]
local max_keys, max_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A head is three numbers of 16 digits: version, when added, when its lease ends (0: never).
local function head(version, added, expires)
  return string.format('%016.0f%016.0f%016.0f', version, added, expires)
end

local function find(key)
  local packed = redis.call('HGET', heads, key)
  if not packed then return nil end
  local expires = tonumber(string.sub(packed, 33, 48))
  if expires > 0 and expires <= now then return nil end
  return tonumber(string.sub(packed, 1, 16)), tonumber(string.sub(packed, 17, 32)), expires
end

local function left(expires)
  if expires == 0 then return -1 end
  return expires - now
end

local function count(what)
  return tonumber(redis.call('HGET', state, what) or 0)
end

-- The first write of a script is the one that a lack of memory refuses, so it needs none here.
local function drop(key)
  local size = redis.call('HSTRLEN', values, key) + #key
  redis.call('HDEL', heads, key)
  redis.call('HDEL', values, key)
  redis.call('ZREM', order, key)
  redis.call('ZREM', leases, key)
  redis.call('ZREM', versions, key)
  redis.call('HINCRBY', state, 'keys', -1)
  redis.call('HINCRBY', state, 'bytes', -size)
  local version = redis.call('HINCRBY', state, 'sequence', 1)
  redis.call('ZADD', deleted, version, key)
  local old = version - {MAX_BEHIND}
  if redis.call('ZREMRANGEBYSCORE', deleted, '-inf', old) > 0 then
    redis.call('HSET', state, 'forgotten', old)
  end
end

local function reap()
  local gone = redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, {_REAPED})
  for _, key in ipairs(gone) do drop(key) end
  return #gone
end

local function lease(key, expires)
  if expires == 0 then
    redis.call('ZREM', leases, key)
  else
    redis.call('ZADD', leases, expires, key)
  end
end

-- The new version, or -1 where there is no room for the key, -2 where for the bytes.
local function write(key, value, expires)
  local is_new, grown, keys, bytes
  repeat
    is_new = redis.call('HEXISTS', heads, key) == 0
    grown = #value - redis.call('HSTRLEN', values, key) + (is_new and #key or 0)
    keys = count('keys') + (is_new and 1 or 0)
    bytes = count('bytes') + grown
  until (keys <= max_keys and bytes <= max_bytes) or reap() == 0
  if keys > max_keys then return -1 end
  if bytes > max_bytes then return -2 end
  local version = redis.call('HINCRBY', state, 'sequence', 1)
  redis.call('HSET', heads, key, head(version, now, expires))
  redis.call('HSET', values, key, value)
  if is_new then
    redis.call('ZADD', order, 0, key)
    redis.call('HINCRBY', state, 'keys', 1)
  end
  redis.call('HINCRBY', state, 'bytes', grown)
  redis.call('ZADD', versions, version, key)
  lease(key, expires)
  return version
end

local function till(ttl)
  return ttl == '' and 0 or now + tonumber(ttl)
end

-- The last argument is the version that the client knows was reached. A server that is not there
-- has lost changes: nobody may be given a version twice, and who watches must look at everything.
local seen = tonumber(ARGV[#ARGV])
if count('sequence') < seen then
  redis.call('HSET', state, 'sequence', seen + 1, 'forgotten', seen + 1)
  return redis.error_reply('{LOST}')
end
"""


class Script:
    """A step, and the name by which a server that has seen it knows it."""

    def __init__(self, body: str, *, changes: bool = False) -> None:
        self.changes = changes
        self.text = _SHARED + body
        self.name = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


OPEN = Script(
    """
redis.call('HSETNX', state, 'format', ARGV[3])
return {redis.call('HGET', state, 'format'), count('sequence')}
""",
    changes=True,
)

GET = Script("""
local version, added, expires = find(ARGV[3])
if not version then return nil end
return {version, added, left(expires), redis.call('HGET', values, ARGV[3])}
""")

PUT = Script(
    """
reap()
return write(ARGV[3], ARGV[4], till(ARGV[5]))
""",
    changes=True,
)

COMPARE_AND_SET = Script(
    """
if (find(ARGV[3]) or 0) ~= tonumber(ARGV[6]) then return 0 end
reap()
return write(ARGV[3], ARGV[4], till(ARGV[5]))
""",
    changes=True,
)

RENEW = Script(
    """
local version, added = find(ARGV[3])
if version ~= tonumber(ARGV[5]) then return 0 end
local expires = till(ARGV[4])
redis.call('HSET', heads, ARGV[3], head(version, added, expires))
lease(ARGV[3], expires)
return 1
""",
    changes=True,
)

INCREMENT = Script(
    f"""
local version, _, expires = find(ARGV[3])
local value = version and redis.call('HGET', values, ARGV[3]) or '0'
if not string.match(value, '^%-?%d+$') or #string.gsub(value, '-', '') > 15 then return {{-3}} end
local sum = tonumber(value) + tonumber(ARGV[4])
if math.abs(sum) > {MAX_INTEGER} then return {{-4}} end
if not version or ARGV[5] ~= '' then expires = till(ARGV[5]) end
return {{write(ARGV[3], string.format('%.0f', sum), expires), sum}}
""",
    changes=True,
)

DELETE = Script(
    """
local version = find(ARGV[3])
if not version or (ARGV[4] ~= '' and version ~= tonumber(ARGV[4])) then return 0 end
drop(ARGV[3])
return 1
""",
    changes=True,
)

# Some of a page, and where to go on: a script that looked at everything would hold up all others.
LIST = Script(
    f"""
local found, most = {{}}, tonumber(ARGV[5])
local keys = redis.call('ZRANGEBYLEX', order, ARGV[3], ARGV[4], 'LIMIT', 0, {_LOOKED_AT})
for _, key in ipairs(keys) do
  local version, added, expires = find(key)
  if version then
    local size = redis.call('HSTRLEN', values, key)
    found[#found + 1] = {{key, version, added, left(expires), size}}
    if #found == most then return {{found, ''}} end
  end
end
return {{found, #keys == {_LOOKED_AT} and keys[#keys] or ''}}
"""
)

CLEAR = Script(
    f"""
local keys = redis.call('ZRANGEBYLEX', order, ARGV[3], ARGV[4], 'LIMIT', 0, {BATCH})
for _, key in ipairs(keys) do drop(key) end
return {{#keys, keys[#keys] or ''}}
""",
    changes=True,
)

SIZES = Script(
    f"""
local keys = redis.call('ZRANGEBYLEX', order, ARGV[3], ARGV[4], 'LIMIT', 0, {_LOOKED_AT})
local live, key_bytes, value_bytes = 0, 0, 0
for _, key in ipairs(keys) do
  if find(key) then
    live, key_bytes = live + 1, key_bytes + #key
    value_bytes = value_bytes + redis.call('HSTRLEN', values, key)
  end
end
return {{#keys, keys[#keys] or '', live, key_bytes, value_bytes}}
"""
)

CHANGES = Script(f"""
reap()
local after, sequence = tonumber(ARGV[3]), count('sequence')
if after < 0 or after == sequence then return {{sequence, 0, {{}}, {{}}}} end
if after < count('forgotten') then return {{sequence, 1, {{}}, {{}}}} end
local function since(what)
  return redis.call(
    'ZRANGEBYSCORE', what, '(' .. ARGV[3], '+inf', 'WITHSCORES', 'LIMIT', 0, {BATCH})
end
return {{sequence, 0, since(versions), since(deleted)}}
""")
