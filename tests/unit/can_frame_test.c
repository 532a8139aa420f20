/* Messages of a CAN bus, as the kernel has them. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "rt/io/can_frame.h"

static void a_message_comes_back_as_it_was(void **state)
{
	static const uint8_t counts[] = { 0, 1, 8, 12, 64 };
	struct can_message message, back;
	struct canfd_frame frame;
	const char *what = "";

	(void)state;
	for (int i = 0; i < 5 * 4; i++) {
		memset(&message, 0, sizeof(message));
		message.extended = i & 1;
		message.id = message.extended ? 0x1abcdef0 : 0x7f0;
		message.bytes.count = counts[i / 4];
		message.length = counts[i / 4];
		message.fd = message.bytes.count > 8;
		message.fast = message.fd && (i & 2);
		memset(message.bytes.at, i, message.bytes.count);
		const int bytes = can_frame_encode(&message, &frame, &what);

		assert_int_equal(bytes, message.fd ? CANFD_MTU : CAN_MTU);
		assert_int_equal(can_frame_decode(&frame, (size_t)bytes, &back), 0);
		assert_memory_equal(&message, &back, sizeof(message));
	}
}

static void a_remote_request_has_a_length_and_no_bytes(void **state)
{
	struct can_message message = { .id = 5, .remote = true, .length = 3 }, back;
	struct canfd_frame frame;
	const char *what = "";

	(void)state;
	assert_int_equal(can_frame_encode(&message, &frame, &what), CAN_MTU);
	assert_int_equal(frame.can_id, 5 | CAN_RTR_FLAG);
	assert_int_equal(can_frame_decode(&frame, CAN_MTU, &back), 0);
	assert_true(back.remote && back.length == 3 && back.bytes.count == 0);
}

static void lengths_that_can_fd_has_not_are_filled_with_zeros(void **state)
{
	struct can_message message = { .id = 5, .fd = true, .bytes = { .count = 33 } };
	struct canfd_frame frame;
	const char *what = "";

	(void)state;
	memset(message.bytes.at, 1, 64);
	assert_int_equal(can_frame_encode(&message, &frame, &what), CANFD_MTU);
	assert_int_equal(frame.len, 48);
	assert_int_equal(frame.data[32], 1);
	assert_int_equal(frame.data[33], 0);
}

static void what_no_bus_can_carry_is_refused_with_a_reason(void **state)
{
	static const struct can_message wrong[] = {
		{ .id = 0x800 }, { .id = 0x20000000, .extended = true }, { .error = true },
		{ .remote = true, .fd = true }, { .remote = true, .length = 9 },
		{ .bytes = { .count = 9 } }, { .fd = true, .bytes = { .count = 65 } },
	};
	struct canfd_frame frame = { .len = 9 };
	struct can_message message;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *what = "";

		assert_int_equal(can_frame_encode(&wrong[i], &frame, &what), -EINVAL);
		assert_true(strlen(what) > 10);
	}
	frame.len = 9;
	assert_int_equal(can_frame_decode(&frame, CAN_MTU, &message), -EPROTO);
	frame.len = 65;
	assert_int_equal(can_frame_decode(&frame, CANFD_MTU, &message), -EPROTO);
	frame.len = 1;
	assert_int_equal(can_frame_decode(&frame, 20, &message), -EPROTO);
}

static void errors_of_the_controller_are_told_apart(void **state)
{
	struct canfd_frame frame = { .can_id = CAN_ERR_FLAG | 0x40, .len = 8 };
	struct can_message message;

	(void)state;
	assert_int_equal(can_frame_decode(&frame, CAN_MTU, &message), 0);
	assert_true(message.error);
	assert_int_equal(message.id, 0x40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_comes_back_as_it_was),
		cmocka_unit_test(a_remote_request_has_a_length_and_no_bytes),
		cmocka_unit_test(lengths_that_can_fd_has_not_are_filled_with_zeros),
		cmocka_unit_test(what_no_bus_can_carry_is_refused_with_a_reason),
		cmocka_unit_test(errors_of_the_controller_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
