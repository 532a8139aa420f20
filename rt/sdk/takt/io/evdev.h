/* SPDX-License-Identifier: Apache-2.0 */
/* What evdev.so gives: declare a port with this, and it fits. */
#ifndef TAKT_IO_EVDEV_H
#define TAKT_IO_EVDEV_H

#include <takt/type.h>

#define TAKT_EVDEV_KIND(V) \
	V(EVDEV_SYN, 0x00, "syn") V(EVDEV_KEY, 0x01, "key") V(EVDEV_REL, 0x02, "rel") \
	V(EVDEV_ABS, 0x03, "abs") V(EVDEV_MSC, 0x04, "msc") V(EVDEV_SW, 0x05, "sw") \
	V(EVDEV_LED, 0x11, "led") V(EVDEV_SND, 0x12, "snd") V(EVDEV_REP, 0x14, "rep") \
	V(EVDEV_FF, 0x15, "ff") V(EVDEV_PWR, 0x16, "pwr") V(EVDEV_FF_STATUS, 0x17, "ff_status")
TAKT_ENUM(evdev_kind, "type of an event, EV_… of linux/input-event-codes.h", TAKT_EVDEV_KIND)

#define TAKT_EVDEV_EVENT(F) \
	F(enum(evdev_kind), kind,  "",  "its type: key, rel, abs…") \
	F(u16,              code,  "", \
	  "which key or axis: KEY_…, BTN_…, ABS_… of linux/input-event-codes.h") \
	F(i32,              value, "", \
	  "of a key: 0 up, 1 down, 2 repeated; of an axis: where it is, or how far it moved") \
	F(f64,              time,  "s", \
	  "when the kernel saw it, CLOCK_MONOTONIC; also its time of validity")
TAKT_MESSAGE(evdev_event, "an event of a joystick, mouse, keyboard…", TAKT_EVDEV_EVENT)

#endif
