"""What logind is to those who delay a shutdown: gives locks, and tells of what comes.

Usage: fake-logind.py ADDRESS; `shutdown` or `cancel` on stdin. Prints ready, locked and released."""
import os
import sys
import threading

import dbus
import dbus.bus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.login1"
INTERFACE = "org.freedesktop.login1.Manager"


class Manager(dbus.service.Object):
    @dbus.service.method(INTERFACE, in_signature="ssss", out_signature="h")
    def Inhibit(self, what, who, why, mode):
        read_end, write_end = os.pipe()
        threading.Thread(target=wait_for_end, args=(read_end,), daemon=True).start()
        print("locked", what, mode, flush=True)
        lock = dbus.types.UnixFd(write_end)
        os.close(write_end)
        return lock

    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.UInt64(5_000_000)

    @dbus.service.signal(INTERFACE, signature="b")
    def PrepareForShutdown(self, begins):
        pass


def wait_for_end(read_end):
    os.read(read_end, 1)
    os.close(read_end)
    print("released", flush=True)


def listen(manager):
    for line in sys.stdin:
        GLib.idle_add(manager.PrepareForShutdown, line.strip() == "shutdown")


DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName(NAME, bus)
manager = Manager(bus, "/org/freedesktop/login1")
threading.Thread(target=listen, args=(manager,), daemon=True).start()
print("ready", flush=True)
GLib.MainLoop().run()
