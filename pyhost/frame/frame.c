/* SPDX-License-Identifier: Apache-2.0 */
#include "pyhost/frame/frame.h"

#include <errno.h>
#include <string.h>

#include "pyhost/frame/codec.h"
#include "rt/msg/payload.h"

#define ITEM_BYTES 9u
#define MESSAGE_BYTES (6u * ITEM_BYTES + TAKT_STATUS_BYTES_MAX)	/* beside the payload */
#define FIXED_BYTES 256u		/* of any frame, beside what is counted */

/* --- sizes ----------------------------------------------------------------------------------- */

uint64_t takt_frame_hash(const struct takt_frame_ports *ports)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ ports->input_count;	/* FNV-1a */

	for (uint32_t i = 0; i < ports->input_count + ports->output_count; i++) {
		hash ^= i < ports->input_count ? ports->inputs[i]->hash
					       : ports->outputs[i - ports->input_count]->hash;
		hash *= 0x100000001b3ull;
	}
	hash ^= ports->state ? ports->state->hash : 0;
	return hash * 0x100000001b3ull;
}

static uint64_t ports_bytes(const struct takt_layout *const *layouts, uint32_t count)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < count; i++) {
		bytes += takt_codec_bytes_max(layouts[i]) + MESSAGE_BYTES;
	}
	return bytes;
}

static uint64_t state_bytes(const struct takt_frame_ports *ports)
{
	return ports->state ? takt_codec_bytes_max(ports->state) : 0;
}

uint64_t takt_frame_request_bytes_max(const struct takt_frame_ports *ports,
				      uint32_t description_bytes)
{
	return TAKT_FRAME_HEAD_BYTES + FIXED_BYTES + description_bytes + state_bytes(ports) +
	       ports_bytes(ports->inputs, ports->input_count);
}

uint64_t takt_frame_answer_bytes_max(const struct takt_frame_ports *ports)
{
	return TAKT_FRAME_HEAD_BYTES + FIXED_BYTES + TAKT_FRAME_TEXT_MAX + state_bytes(ports) +
	       ports_bytes(ports->outputs, ports->output_count);
}

/* --- requests -------------------------------------------------------------------------------- */

static struct takt_cbor_writer begin(void *bytes, size_t room, enum takt_frame_request what,
				     size_t items)
{
	struct takt_cbor_writer writer = { .bytes = bytes, .room = room,
		.at = TAKT_FRAME_HEAD_BYTES,
					   .is_full = room < TAKT_FRAME_HEAD_BYTES };

	takt_cbor_put_array(&writer, items + 1);
	takt_cbor_put_uint(&writer, what);
	return writer;
}

static int64_t end(const struct takt_cbor_writer *writer)
{
	const uint32_t bytes = (uint32_t)(writer->at - TAKT_FRAME_HEAD_BYTES);

	if (writer->is_full || writer->at - TAKT_FRAME_HEAD_BYTES > UINT32_MAX) {
		return -EMSGSIZE;
	}
	memcpy(writer->bytes, &bytes, sizeof(bytes));
	return (int64_t)writer->at;
}

int64_t takt_frame_put_hello(void *bytes, size_t room, uint64_t hash, const void *description,
			     uint32_t description_bytes)
{
	struct takt_cbor_writer writer = begin(bytes, room, TAKT_FRAME_HELLO, 3);

	takt_cbor_put_uint(&writer, TAKT_FRAME_PROTOCOL);
	takt_cbor_put_uint(&writer, hash);
	takt_cbor_put_bytes(&writer, description, description_bytes);
	return end(&writer);
}

int64_t takt_frame_put_start(void *bytes, size_t room, const struct takt_frame_ports *ports,
			     const void *state)
{
	struct takt_cbor_writer writer = begin(bytes, room, TAKT_FRAME_START, 1);

	if (ports->state && takt_payload_is_sound(ports->state, state, ports->state->bytes)) {
		takt_codec_encode(&writer, ports->state, state);
	} else {
		takt_cbor_put_null(&writer);	/* it begins with zeros */
	}
	return end(&writer);
}

static void put_input(struct takt_cbor_writer *writer, const struct takt_layout *layout,
		      const struct takt_pyslot *slot, uint32_t input)
{
	struct takt_pyslot_message row;
	const void *payload = takt_pyslot_input(slot, input, &row);

	if (!payload || !takt_payload_is_sound(layout, payload, row.bytes)) {
		takt_cbor_put_null(writer);
		return;
	}
	takt_cbor_put_array(writer, 6);
	takt_codec_encode(writer, layout, payload);
	takt_cbor_put_uint(writer, row.stamp_ns);
	takt_cbor_put_uint(writer, row.tov_kind);
	takt_cbor_put_uint(writer, row.tov_begin_ns);
	takt_cbor_put_uint(writer, row.tov_end_ns);
	takt_cbor_put_bytes(writer, row.status, strlen(row.status));
}

int64_t takt_frame_put_call(void *bytes, size_t room, const struct takt_frame_ports *ports,
			    const struct takt_pyslot *slot, uint64_t number)
{
	struct takt_cbor_writer writer = begin(bytes, room, TAKT_FRAME_CALL, 6);
	const struct takt_pyslot_call *call = slot->call;

	takt_cbor_put_uint(&writer, number);
	takt_cbor_put_uint(&writer, call->cycle);
	takt_cbor_put_uint(&writer, call->now_ns);
	takt_cbor_put_uint(&writer, call->recent_ns);
	takt_cbor_put_uint(&writer, call->deadline_ns);
	takt_cbor_put_array(&writer, ports->input_count);
	for (uint32_t i = 0; i < ports->input_count; i++) {
		put_input(&writer, ports->inputs[i], slot, i);
	}
	return end(&writer);
}

int64_t takt_frame_put_stop(void *bytes, size_t room)
{
	const struct takt_cbor_writer writer = begin(bytes, room, TAKT_FRAME_STOP, 0);

	return end(&writer);
}

/* --- answers --------------------------------------------------------------------------------- */

struct parser {
	struct takt_cbor_reader reader;
	const struct takt_frame_ports *ports;
	struct takt_pyslot *slot;
	struct takt_err *err;
};

static int broken(const struct parser *p, const char *what)
{
	return takt_err_set(p->err, -EBADMSG, "a frame of the child is broken: %s", what);
}

static int take(struct parser *p, enum takt_cbor_kind kind, const char *what,
		struct takt_cbor_token *ret_token)
{
	return takt_cbor_next(&p->reader, ret_token) < 0 || ret_token->kind != kind
		? broken(p, what) : 0;
}

static int take_uint(struct parser *p, const char *what, uint64_t max, uint64_t *ret_value)
{
	struct takt_cbor_token token;
	const int r = take(p, TAKT_CBOR_UINT, what, &token);

	if (r < 0) {
		return r;
	}
	if (token.value > max) {
		return broken(p, what);
	}
	*ret_value = token.value;
	return 0;
}

static bool is_null(struct parser *p)
{
	struct takt_cbor_reader look = p->reader;
	struct takt_cbor_token token;

	if (takt_cbor_next(&look, &token) < 0 || token.kind != TAKT_CBOR_NULL) {
		return false;
	}
	p->reader = look;
	return true;
}

static int take_state(struct parser *p, struct takt_frame_answer *answer)
{
	uint32_t bytes;
	int r;

	if (is_null(p)) {
		return 0;
	}
	if (!p->ports->state) {
		return broken(p, "a state of a task that has none");
	}
	r = takt_codec_decode(&p->reader, p->ports->state, "state",
			      takt_pyslot_next_state(p->slot), &bytes,
			      p->err);
	answer->has_state = r == 0;
	return r;
}

static int take_text(struct parser *p, const char *what, struct takt_frame_answer *answer)
{
	struct takt_cbor_token token;
	const int r = take(p, TAKT_CBOR_TEXT, what, &token);

	if (r < 0) {
		return r;
	}
	answer->text = token.text;
	answer->text_bytes = token.value > TAKT_FRAME_TEXT_MAX ? TAKT_FRAME_TEXT_MAX
		: (uint32_t)token.value;
	return 0;
}

static int take_status(struct parser *p, struct takt_pyslot_message *row)
{
	struct takt_cbor_token token;
	const int r = take(p, TAKT_CBOR_BYTES, "status", &token);

	if (r < 0) {
		return r;
	}
	if (token.value > TAKT_STATUS_BYTES_MAX) {
		return broken(p, "status is too long");
	}
	if (token.value > 0) {
		memcpy(row->status, token.text, token.value);
	}
	return 0;
}

static int take_output(struct parser *p, uint32_t output)
{
	struct takt_pyslot_message row = { .present = 1 };
	struct takt_cbor_token token;
	uint64_t kind = 0;
	int r;

	if (is_null(p)) {
		row.present = 0;
		takt_pyslot_put(p->slot, output, &row);
		return 0;
	}
	r = take(p, TAKT_CBOR_ARRAY, "output", &token);
	if (r == 0 && token.value != 5) {
		r = broken(p, "output");
	}
	r = r < 0 ? r : takt_codec_decode(&p->reader, p->ports->outputs[output],
					  p->ports->output_names[output],
					  takt_pyslot_output_at(p->slot, output), &row.bytes,
					  p->err);
	r = r < 0 ? r : take_uint(p, "tov", TAKT_TOV_RANGE, &kind);
	r = r < 0 ? r : take_uint(p, "tov", UINT64_MAX, &row.tov_begin_ns);
	r = r < 0 ? r : take_uint(p, "tov", UINT64_MAX, &row.tov_end_ns);
	r = r < 0 ? r : take_status(p, &row);
	if (r == 0) {
		row.tov_kind = (uint32_t)kind;
		takt_pyslot_put(p->slot, output, &row);
	}
	return r;
}

static int take_result(struct parser *p, uint64_t number, struct takt_frame_answer *answer)
{
	struct takt_cbor_token token;
	int r = take_uint(p, "number", UINT64_MAX, &answer->number);

	r = r < 0 ? r : take_uint(p, "body_ns", UINT64_MAX, &answer->body_ns);
	if (r == 0 && answer->number != number) {
		return takt_err_set(p->err, -EALREADY, "an answer to another call");
	}
	r = r < 0 ? r : take_state(p, answer);
	r = r < 0 ? r : take(p, TAKT_CBOR_ARRAY, "outputs", &token);
	if (r == 0 && token.value != p->ports->output_count) {
		r = broken(p, "outputs");
	}
	for (uint32_t i = 0; r == 0 && i < p->ports->output_count; i++) {
		r = take_output(p, i);
	}
	return r;
}

static int take_error(struct parser *p, struct takt_frame_answer *answer)
{
	struct takt_cbor_token token;
	uint64_t line = 0;
	int r = take(p, TAKT_CBOR_TEXT, "where", &token);

	if (r == 0 && token.value >= sizeof(answer->where)) {
		r = broken(p, "where");
	}
	if (r == 0 && token.value > 0) {
		memcpy(answer->where, token.text, token.value);
	}
	r = r < 0 ? r : take_uint(p, "number", UINT64_MAX, &answer->number);
	r = r < 0 ? r : take_uint(p, "line", UINT32_MAX, &line);
	answer->line = (uint32_t)line;
	r = r < 0 ? r : take(p, TAKT_CBOR_BOOL, "final", &token);
	answer->is_final = r == 0 && token.value != 0;
	return r < 0 ? r : take_text(p, "text", answer);
}

static int take_ready(struct parser *p, struct takt_frame_answer *answer)
{
	uint64_t protocol = 0;
	int r = take_uint(p, "protocol", UINT32_MAX, &protocol);

	answer->protocol = (uint32_t)protocol;
	r = r < 0 ? r : take_uint(p, "hash", UINT64_MAX, &answer->hash);
	return r < 0 ? r : take_text(p, "version", answer);
}

int takt_frame_parse(const void *bytes, size_t size_bytes, const struct takt_frame_ports *ports,
		     struct takt_pyslot *slot, uint64_t number,
		     struct takt_frame_answer *ret_answer,
		     struct takt_err *err)
{
	static const uint32_t items[] = { 4, 2, 5, 6, 2 };	/* of each kind of answer */
	struct parser p = { { .bytes = bytes, .size_bytes = size_bytes }, ports, slot, err };
	struct takt_frame_answer answer = { .text = "" };
	struct takt_cbor_token token;
	uint64_t kind = 0;
	uint64_t count;
	int r = take(&p, TAKT_CBOR_ARRAY, "no array", &token);

	count = r < 0 ? 0 : token.value;
	r = r < 0 ? r : take_uint(&p, "kind", TAKT_FRAME_ANSWER_KINDS - 1, &kind);
	if (r == 0 && count != items[kind]) {
		r = broken(&p, "count of items");
	}
	if (r < 0) {
		return r;
	}
	answer.kind = (enum takt_frame_answer_kind)kind;
	switch (answer.kind) {
	case TAKT_FRAME_READY:
		r = take_ready(&p, &answer);
		break;
	case TAKT_FRAME_RESULT:
		r = take_result(&p, number, &answer);
		break;
	case TAKT_FRAME_ERROR:
		r = take_error(&p, &answer);
		break;
	default:
		r = take_state(&p, &answer);
		break;
	}
	if (r == 0 && p.reader.at != size_bytes) {
		r = broken(&p, "something stands behind its end");
	}
	if (r == 0) {
		*ret_answer = answer;
	}
	return r;
}

/* --- cutting --------------------------------------------------------------------------------- */

static uint32_t length_of(const struct takt_frame_intake *intake)
{
	uint32_t length;

	memcpy(&length, intake->bytes, sizeof(length));
	return length;
}

void *takt_frame_intake_place(struct takt_frame_intake *intake, size_t *ret_room)
{
	*ret_room = intake->room - intake->have;
	if (intake->drain > 0) {	/* into the same place again and again */
		*ret_room = intake->drain < intake->room ? (size_t)intake->drain : intake->room;
		return intake->bytes;
	}
	return intake->bytes + intake->have;
}

/* What stands at the beginning is the head of a frame that is too long: what is there of it
 * goes. */
static void drain(struct takt_frame_intake *intake)
{
	const uint64_t whole = (uint64_t)length_of(intake) + TAKT_FRAME_HEAD_BYTES;

	intake->oversized++;
	intake->drain = whole - intake->have;	/* it is longer than the room */
	intake->have = 0;
}

void takt_frame_intake_add(struct takt_frame_intake *intake, size_t bytes)
{
	if (intake->drain > 0) {
		intake->drain -= bytes;
		intake->has_dropped = intake->has_dropped || intake->drain == 0;
		return;
	}
	intake->have += bytes;
	if (intake->have >= TAKT_FRAME_HEAD_BYTES &&
	    length_of(intake) > intake->room - TAKT_FRAME_HEAD_BYTES) {
		drain(intake);
	}
}

bool takt_frame_intake_find(const struct takt_frame_intake *intake, const void **ret_frame,
			    size_t *ret_size_bytes)
{
	if (intake->drain > 0 || intake->have < TAKT_FRAME_HEAD_BYTES ||
	    intake->have - TAKT_FRAME_HEAD_BYTES < length_of(intake)) {
		return false;
	}
	*ret_frame = intake->bytes + TAKT_FRAME_HEAD_BYTES;
	*ret_size_bytes = length_of(intake);
	return true;
}

void takt_frame_intake_drop(struct takt_frame_intake *intake)
{
	const size_t whole = (size_t)length_of(intake) + TAKT_FRAME_HEAD_BYTES;

	memmove(intake->bytes, intake->bytes + whole, intake->have - whole);
	intake->have -= whole;
	if (intake->have >= TAKT_FRAME_HEAD_BYTES &&
	    length_of(intake) > intake->room - TAKT_FRAME_HEAD_BYTES) {
		drain(intake);
	}
}
