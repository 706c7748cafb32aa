"""Which keys of timers and services are carried over, and which may be passed over in silence."""

from __future__ import annotations

from typing import Final

TIMER_KEYS: Final = frozenset(
    {
        "OnCalendar", "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec",
        "Persistent", "RandomizedDelaySec", "FixedRandomDelay", "Unit", "AccuracySec", "RemainAfterElapse",
    }
)  # fmt: skip
"""Of [Timer]. AccuracySec= only says how late a start may be: here it is in the same second."""

SERVICE_KEYS: Final = frozenset(
    {
        "ExecStart", "ExecStartPre", "ExecStartPost", "ExecCondition", "User", "Group", "WorkingDirectory",
        "Environment", "TimeoutStartSec", "TimeoutSec", "RuntimeMaxSec", "TimeoutStopSec", "SuccessExitStatus",
        "Nice", "MemoryMax", "Type", "DynamicUser",
        "StandardInput", "StandardOutput", "StandardError", "SyslogIdentifier", "RemainAfterExit", "KillMode",
        "KillSignal", "SendSIGKILL",
    }
)  # fmt: skip
"""Of [Service]; what is not carried over of these is said where they are read, or makes no difference."""

UNIT_KEYS: Final = frozenset({"Description", "Documentation", "DefaultDependencies"})
"""Of [Unit]."""

DIRECTIVES: Final = {"Timer": TIMER_KEYS, "Service": SERVICE_KEYS, "Unit": UNIT_KEYS}
"""By section; of [Install] nothing matters here."""

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The PATH of services (systemd.exec(5), $PATH)."""
USER_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
