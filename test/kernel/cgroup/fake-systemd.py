"""A systemd1 manager that records calls: fake-systemd.py ADDRESS LOG CGROUP-ROOT. Not systemd, but
on a real bus by the usual library; slices and scopes become cgroups, with a scope's first process."""
import json
import os
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

address, log, root = sys.argv[1:]
NAME = 'org.freedesktop.systemd1'
MANAGER = NAME + '.Manager'


class Failure(dbus.DBusException):
    def __init__(self, name, text):
        super().__init__(text)
        self._dbus_error_name = f'{NAME}.{name}'


def plain(value):
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, (dbus.Array, list, tuple, dbus.Struct)):
        return [plain(item) for item in value]
    return int(value) if isinstance(value, int) else str(value)


def slice_path(name):
    parts = name[: -len('.slice')].split('-')
    return '/'.join('-'.join(parts[: i + 1]) + '.slice' for i in range(len(parts)))


class Manager(dbus.service.Object):
    def __init__(self, bus):
        super().__init__(bus, '/org/freedesktop/systemd1')
        self.jobs = 0
        self.units = {}

    def record(self, member, **values):
        with open(log, 'a') as file:
            file.write(json.dumps({'member': member, **values}) + '\n')

    def job(self, unit):
        self.jobs += 1
        path = dbus.ObjectPath(f'/org/freedesktop/systemd1/job/{self.jobs}')
        result = 'failed' if 'refused' in unit else 'done'
        GLib.idle_add(lambda: self.JobRemoved(self.jobs, path, unit, result))
        return path

    @dbus.service.method(MANAGER)
    def Subscribe(self):
        self.record('Subscribe')

    @dbus.service.method(MANAGER, in_signature='ssa(sv)a(sa(sv))', out_signature='o')
    def StartTransientUnit(self, name, mode, properties, aux):
        values = {str(key): plain(value) for key, value in properties}
        self.record('StartTransientUnit', unit=str(name), mode=str(mode), properties=values)
        if name in self.units:
            raise Failure('UnitExists', f'Unit {name} already exists.')
        is_slice = name.endswith('.slice')
        above = slice_path(name if is_slice else values['Slice'])
        folder = os.path.join(root, above, '' if is_slice else str(name))
        os.makedirs(folder, exist_ok=True)
        for pid in values.get('PIDs', []):
            with open(os.path.join(folder, 'cgroup.procs'), 'w') as procs:
                procs.write(str(pid))
        self.units[name] = folder
        return self.job(name)

    @dbus.service.method(MANAGER, in_signature='sba(sv)')
    def SetUnitProperties(self, name, runtime, properties):
        values = {str(key): plain(value) for key, value in properties}
        self.record('SetUnitProperties', unit=str(name), runtime=bool(runtime), properties=values)

    @dbus.service.method(MANAGER, in_signature='ss', out_signature='o')
    def StopUnit(self, name, mode):
        self.record('StopUnit', unit=str(name))
        if name not in self.units:
            raise Failure('NoSuchUnit', f'Unit {name} not loaded.')
        del self.units[name]
        return self.job(name)

    @dbus.service.method(MANAGER, in_signature='s')
    def ResetFailedUnit(self, name):
        self.record('ResetFailedUnit', unit=str(name))
        if 'failed' in name:
            self.units.pop(name, None)
            return
        raise Failure('NoSuchUnit', f'Unit {name} not loaded.')

    @dbus.service.signal(MANAGER, signature='uoss')
    def JobRemoved(self, number, job, unit, result):
        pass


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.bus.BusConnection(address)
name = dbus.service.BusName(NAME, bus)
manager = Manager(bus)
manager.units['keelson-failed.scope'] = ''
manager.units['keelson-taken.scope'] = ''
print('ready', flush=True)
GLib.MainLoop().run()
