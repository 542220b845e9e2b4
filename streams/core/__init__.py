"""The rules, pure: functions of (state, event, rules), told the time, performing nothing."""
