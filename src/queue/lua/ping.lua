-- Above it is asked whether this Redis takes writes.
return 1
