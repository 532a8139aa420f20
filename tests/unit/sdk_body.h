/* The suite of sdk_test.c and sdk_cpp_test.cc: what the SDK's macros make must be the same in C11 and
 * C++17. Included once by each. */

/* --- types ------------------------------------------------------------------------------------- */

static void message_type_describes_every_field(void **state)
{
	const struct takt_type *type = &takt_type_rich_all;

	(void)state;
	assert_string_equal(type->name, "rich_all");
	assert_string_equal(type->doc, "one of everything");
	assert_int_equal(type->bytes, sizeof(struct rich_all));
	assert_int_equal(type->align, 8);
	assert_int_equal(type->field_count, RICH_FIELD_COUNT);
	for (uint32_t i = 0; i < RICH_FIELD_COUNT; i++) {
		const struct takt_field *field = &type->fields[i];
		const struct rich_field *expected = &rich_fields[i];

		assert_string_equal(field->name, expected->name);
		assert_string_equal(field->unit, expected->unit);
		assert_int_equal(field->scalar, expected->scalar);
		assert_int_equal(field->shape, expected->shape);
		assert_int_equal(field->length, expected->length);
		assert_true(strlen(field->doc) > 3);
		assert_ptr_equal(field->of, expected->scalar == TAKT_SCALAR_STRUCT ?
			&takt_type_rich_point : NULL);
		assert_ptr_equal(field->names, expected->scalar == TAKT_SCALAR_ENUM ?
			&takt_enum_rich_colour : NULL);
	}
}

static void fields_have_the_size_that_their_words_say(void **state)
{
	static const size_t item_bytes[] = { 0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 1, 4,
					     sizeof(struct rich_point) };

	(void)state;
	for (uint32_t i = 0; i < RICH_FIELD_COUNT; i++) {
		const struct rich_field *f = &rich_fields[i];
		const size_t items = item_bytes[f->scalar] * f->length;

		assert_int_equal(f->bytes, items + (f->shape == TAKT_SHAPE_LIST ? 4 : 0));
	}
	assert_int_equal(sizeof(struct rich_point), 8);
}

static void enum_has_names_and_four_bytes(void **state)
{
	const struct takt_enum *names = &takt_enum_rich_colour;

	(void)state;
	assert_string_equal(names->name, "rich_colour");
	assert_int_equal(names->value_count, 3);
	assert_string_equal(names->values[2].name, "ultra");
	assert_int_equal(names->values[2].value, -3);
	assert_int_equal(COLOUR_UNDER, -3);
	assert_int_equal(sizeof(enum rich_colour), 4);
	assert_string_equal(TAKT_ENUM_NAME(rich_colour, COLOUR_RED), "red");
	assert_string_equal(TAKT_ENUM_NAME(rich_colour, COLOUR_UNDER), "ultra");
	assert_string_equal(TAKT_ENUM_NAME(rich_colour, 1), "?");
}

/* --- tasks and the plug-in --------------------------------------------------------------------- */

static void ports_stand_in_the_order_of_their_declaration(void **state)
{
	static const char *const names[] = { "first", "left", "second", "right", "third" };
	static const uint32_t outputs[] = { 0, 1, 0, 1, 0 };
	const struct takt_task *task = &takt_task_rich_filter;

	(void)state;
	assert_int_equal(task->port_count, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_string_equal(task->ports[i].name, names[i]);
		assert_int_equal(task->ports[i].is_output, outputs[i]);
	}
	assert_ptr_equal(task->ports[0].type, &takt_type_rich_all);
	assert_ptr_equal(task->ports[1].type, &takt_type_rich_point);
	assert_string_equal(task->ports[4].doc, "a third input");
	assert_int_equal(TAKT_IN_INDEX(rich_filter, first), 0);
	assert_int_equal(TAKT_IN_INDEX(rich_filter, second), 1);
	assert_int_equal(TAKT_IN_INDEX(rich_filter, third), 2);
	assert_int_equal(TAKT_OUT_INDEX(rich_filter, left), 0);
	assert_int_equal(TAKT_OUT_INDEX(rich_filter, right), 1);
}

static void params_keep_their_text_as_it_was_written(void **state)
{
	static const char *const rows[][5] = {
		{ "on", "", "true", "", "" },
		{ "small", "1", "-5", "-128", "127" },
		{ "big", "B", "18446744073709551615", "0", "" },
		{ "gain", "1/s", "1.5e-3", "", "1" },
		{ "label", "", "\"two words\"", "", "" },
		{ "file", "path", "", "", "" },
		{ "colour", "", "red", "", "" },
		{ "weights", "kg", "", "", "" },
		{ "steps", "m", "", "", "" },
	};
	static const uint32_t scalars[] = {
		TAKT_SCALAR_BOOL, TAKT_SCALAR_I8, TAKT_SCALAR_U64, TAKT_SCALAR_F64, TAKT_SCALAR_CHAR,
		TAKT_SCALAR_CHAR, TAKT_SCALAR_ENUM, TAKT_SCALAR_F32, TAKT_SCALAR_I32,
	};
	const struct takt_task *task = &takt_task_rich_filter;

	(void)state;
	assert_int_equal(task->param_count, sizeof(rows) / sizeof(rows[0]));
	for (uint32_t i = 0; i < task->param_count; i++) {
		const struct takt_param *param = &task->params[i];

		assert_string_equal(param->field.name, rows[i][0]);
		assert_string_equal(param->field.unit, rows[i][1]);
		assert_string_equal(param->default_text, rows[i][2]);
		assert_string_equal(param->min_text, rows[i][3]);
		assert_string_equal(param->max_text, rows[i][4]);
		assert_int_equal(param->field.scalar, scalars[i]);
	}
	assert_int_equal(task->params_bytes, sizeof(struct takt_params_rich_filter));
	assert_int_equal(task->params[7].field.length, 3);
	assert_int_equal(task->params[8].field.shape, TAKT_SHAPE_LIST);
	assert_ptr_equal(task->params[6].field.names, &takt_enum_rich_colour);
}

static void task_has_the_methods_that_were_given_and_no_others(void **state)
{
	const struct takt_task *task = &takt_task_rich_filter;

	(void)state;
	assert_int_equal(task->bytes, sizeof(struct takt_task));
	assert_int_equal(task->kind, TAKT_FILTER);
	assert_string_equal(task->name, "rich_filter");
	assert_string_equal(task->doc, "everything");
	assert_int_equal(task->state_bytes, sizeof(struct rich_state));
	assert_int_equal(task->state_align, 8);
	assert_true(task->new_ == rich_new && task->start == rich_start);
	assert_true(task->preprocess == rich_preprocess && task->process == rich_process);
	assert_true(task->postprocess == rich_postprocess && task->stop == rich_stop);
	assert_true(task->failsafe == rich_failsafe);
	assert_ptr_equal(task->keyframe, &takt_type_rich_point);
	assert_string_equal(task->live_params, "gain,on");
	task = &takt_task_rich_sink;
	assert_int_equal(task->kind, TAKT_SINK);
	assert_int_equal(task->port_count, 0);
	assert_int_equal(task->param_count, 0);
	assert_true(task->process == rich_process);
	assert_true(!task->new_ && !task->start && !task->preprocess && !task->postprocess);
	assert_true(!task->stop && !task->failsafe && !task->keyframe && !task->live_params);
}

static void plugin_lists_its_tasks_behind_abi_and_sizes(void **state)
{
	(void)state;
	assert_int_equal(offsetof(struct takt_plugin, abi_major), 0);
	assert_int_equal(offsetof(struct takt_plugin, abi_minor), 4);
	assert_int_equal(offsetof(struct takt_plugin, bytes), 8);
	assert_int_equal(takt_plugin_1.abi_major, TAKT_ABI_MAJOR);
	assert_int_equal(takt_plugin_1.abi_minor, TAKT_ABI_MINOR);
	assert_int_equal(takt_plugin_1.bytes, sizeof(struct takt_plugin));
	assert_int_equal(takt_plugin_1.task_bytes, sizeof(struct takt_task));
	assert_int_equal(takt_plugin_1.text_site_bytes, sizeof(struct takt_text_site));
	assert_string_equal(takt_plugin_1.name, "rich");
	assert_string_equal(takt_plugin_1.version, "2.1");
	assert_int_equal(takt_plugin_1.task_count, 3);
	assert_ptr_equal(takt_plugin_1.tasks[0], &takt_task_rich_filter);
	assert_ptr_equal(takt_plugin_1.tasks[1], &takt_task_rich_sink);
	assert_ptr_equal(takt_plugin_1.tasks[2], &takt_task_rich_source);
}

/* What a plug-in and a runtime of another minor version agree on. */
static void structs_of_the_abi_have_their_sizes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct takt_text_site), 64);
	assert_int_equal(sizeof(struct takt_enum_value), 16);
	assert_int_equal(sizeof(struct takt_enum), 32);
	assert_int_equal(sizeof(struct takt_field), 48);
	assert_int_equal(sizeof(struct takt_type), 40);
	assert_int_equal(sizeof(struct takt_tov), 24);
	assert_int_equal(sizeof(struct takt_message), 56);
	assert_int_equal(sizeof(struct takt_input), 16);
	assert_int_equal(sizeof(struct takt_host), 56);
	assert_int_equal(sizeof(struct takt_ctx), 80);
	assert_int_equal(sizeof(struct takt_port), 32);
	assert_int_equal(sizeof(struct takt_param), 72);
	assert_int_equal(sizeof(struct takt_task), 136);
	assert_int_equal(sizeof(struct takt_plugin), 64);
}

/* --- inside a method --------------------------------------------------------------------------- */

struct text_call {
	const struct takt_text_site *site;
	uint64_t args[TAKT_TEXT_ARGS];
};

/* A host for one call: the context comes first, so that the host finds the rest. */
struct rich_host {
	struct takt_ctx ctx;
	struct rich_point left;
	struct rich_all right;
	uint32_t cancelled;
	struct takt_tov tov;
	char status[64];
	struct text_call calls[32];
	uint32_t call_count;
};

static struct rich_host *host_of(struct takt_ctx *ctx)
{
	return (struct rich_host *)(void *)ctx;
}

static void *host_output(struct takt_ctx *ctx, uint32_t output)
{
	struct rich_host *h = host_of(ctx);

	return output == 0 ? (void *)&h->left : (void *)&h->right;
}

static void host_cancel(struct takt_ctx *ctx, uint32_t output)
{
	host_of(ctx)->cancelled |= 1u << output;
}

static void host_tov(struct takt_ctx *ctx, uint32_t output, struct takt_tov tov)
{
	assert_int_equal(output, 1);
	host_of(ctx)->tov = tov;
}

static void host_status(struct takt_ctx *ctx, uint32_t output, const char *text)
{
	assert_int_equal(output, 1);
	snprintf(host_of(ctx)->status, 64, "%s", text);
}

static void host_text(struct takt_ctx *ctx, const struct takt_text_site *site, const uint64_t *args)
{
	struct text_call *call = &host_of(ctx)->calls[host_of(ctx)->call_count++];

	call->site = site;
	memcpy(call->args, args, site->arg_count * sizeof(*args));
}

static bool host_stopping(const struct takt_ctx *ctx)
{
	return ctx->cycle == 99;
}

static const struct takt_host rich_host_functions = {
	sizeof(struct takt_host), 0, host_output, host_cancel, host_tov, host_status, host_text,
	host_stopping,
};

static void host_init(struct rich_host *h)
{
	memset(h, 0, sizeof(*h));
	h->ctx.bytes = sizeof(h->ctx);
	h->ctx.host = &rich_host_functions;
}

static void macros_reach_inputs_outputs_params_and_state(void **state)
{
	static struct rich_host h;
	static struct rich_all all[2];
	static struct rich_point point;
	static struct takt_params_rich_filter params;
	struct rich_state own = { 0, { 0 } };
	struct takt_message messages[2];
	const uint32_t counts[] = { 2, 1, 0 };
	struct takt_input inputs[3];

	(void)state;
	host_init(&h);
	memset(messages, 0, sizeof(messages));
	messages[0].payload = &all[0];
	messages[1].payload = &all[1];
	messages[1].stamp_ns = 400;
	struct takt_message single = messages[0];

	single.payload = &point;
	inputs[0].messages = messages;
	inputs[1].messages = &single;
	inputs[2].messages = NULL;
	for (uint32_t i = 0; i < 3; i++) {
		inputs[i].count = &counts[i];
	}
	h.ctx.inputs = inputs;
	h.ctx.state = &own;
	h.ctx.params = &params;
	h.ctx.now_ns = 1000;
	params.gain = 2;

	struct takt_ctx *ctx = &h.ctx;

	assert_ptr_equal(TAKT_IN(ctx, rich_filter, first), &all[1]);
	assert_ptr_equal(TAKT_IN_AT(ctx, rich_filter, first, 0), &all[0]);
	assert_ptr_equal(TAKT_IN(ctx, rich_filter, second), &point);
	assert_true(TAKT_IN(ctx, rich_filter, third) == NULL);
	assert_int_equal(takt_in_count(ctx, TAKT_IN_INDEX(rich_filter, first)), 2);
	assert_int_equal(takt_in_age_ns(ctx, 0), 600);
	assert_int_equal(takt_in_age_ns(ctx, 2), 0);
	assert_true(takt_in_message(ctx, 2) == NULL);
	TAKT_OUT(ctx, rich_filter, left)->x = 1.5f;
	TAKT_OUT(ctx, rich_filter, right)->bytes.at[999] = 7;
	assert_true(h.left.x == 1.5f && h.right.bytes.at[999] == 7);
	assert_true(TAKT_PARAMS(ctx, rich_filter)->gain == 2);
	TAKT_STATE(ctx, struct rich_state)->calls++;
	assert_int_equal(own.calls, 1);
	takt_out_cancel(ctx, TAKT_OUT_INDEX(rich_filter, left));
	assert_int_equal(h.cancelled, 1);
	takt_out_instant(ctx, TAKT_OUT_INDEX(rich_filter, right), 5);
	assert_true(h.tov.kind == TAKT_TOV_INSTANT && h.tov.begin_ns == 5 && h.tov.end_ns == 5);
	takt_out_range(ctx, TAKT_OUT_INDEX(rich_filter, right), 6, 8);
	assert_true(h.tov.kind == TAKT_TOV_RANGE && h.tov.begin_ns == 6 && h.tov.end_ns == 8);
	takt_out_status(ctx, TAKT_OUT_INDEX(rich_filter, right), "fine");
	assert_string_equal(h.status, "fine");
	assert_false(takt_stopping(ctx));
	h.ctx.cycle = 99;
	assert_true(takt_stopping(ctx));
}

/* --- text -------------------------------------------------------------------------------------- */

static double double_of(uint64_t word)
{
	double value;

	memcpy(&value, &word, sizeof(value));
	return value;
}

static void expect_text(const struct rich_host *h, uint32_t call, const char *tags, uint32_t level)
{
	const struct takt_text_site *site = h->calls[call].site;

	assert_string_equal(site->tags, tags);
	assert_int_equal(site->arg_count, strlen(tags));
	assert_int_equal(site->level, level);
	assert_non_null(strstr(site->file, "sdk_body.h"));
	assert_true(site->line > 100);
	assert_true(site >= takt_plugin_1.text_begin && site < takt_plugin_1.text_end);
}

static void text_arguments_have_a_tag_and_a_word_by_their_type(void **state)
{
	static struct rich_host h;
	const char text[10] = "array";
	const struct rich_all all = TAKT_ZERO_;
	const char *const constant = "constant";
	char writable[] = "writable";
	struct takt_ctx *ctx = &h.ctx;

	(void)state;
	host_init(&h);
	takt_info(ctx, "%d %d %d %d %ld %lld", (signed char)-1, (short)-2, 'c', -3, -4L, -5LL);
	expect_text(&h, 0, "iiiiii", TAKT_INFO);
	assert_true((int64_t)h.calls[0].args[0] == -1 && (int64_t)h.calls[0].args[5] == -5);
	takt_debug(ctx, "%u %u %u %lu %llu %d", (unsigned char)250, (unsigned short)65535, 4000000000u,
		   ~0ul, ~0ull, (bool)true);
	expect_text(&h, 1, "uuuuuu", TAKT_DEBUG);
	assert_true(h.calls[1].args[2] == 4000000000u && h.calls[1].args[4] == UINT64_MAX);
	assert_int_equal(h.calls[1].args[5], 1);
	takt_warning(ctx, "%f %g", (double)1.25f, 2.5);
	expect_text(&h, 2, "ff", TAKT_WARNING);
	assert_true(double_of(h.calls[2].args[0]) == 1.25 && double_of(h.calls[2].args[1]) == 2.5);
	takt_error(ctx, "%s %s %s %s %s", "literal", text, all.name, constant, writable);
	expect_text(&h, 3, "sssss", TAKT_ERROR);
	assert_string_equal((const char *)(uintptr_t)h.calls[3].args[1], "array");
	takt_critical(ctx, "%p %p", (void *)writable, (const void *)text);
	expect_text(&h, 4, "pp", TAKT_CRITICAL);
	assert_true(h.calls[4].args[0] == (uintptr_t)writable);
	takt_info(ctx, "nothing");
	expect_text(&h, 5, "", TAKT_INFO);
	takt_info(ctx, "%" PRIu64 " %" PRId32 " %zu %d", all.b64, all.a32, sizeof(all), all.a8);
	expect_text(&h, 6, "uiui", TAKT_INFO);
	assert_int_equal(h.calls[6].args[2], sizeof(all));
	takt_info(ctx, "%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		  16);
	expect_text(&h, 7, "iiiiiiiiiiiiiiii", TAKT_INFO);
	assert_int_equal(h.calls[7].args[15], 16);
}

static void enums_keep_their_value_in_the_text_log(void **state)
{
	static struct rich_host h;
	struct takt_ctx *ctx = &h.ctx;
	const enum rich_colour colour = COLOUR_UNDER;

	(void)state;
	host_init(&h);
	takt_info(ctx, "%d", colour);
	expect_text(&h, 0, "i", TAKT_INFO);
	assert_true((int64_t)h.calls[0].args[0] == -3);
}

static int evaluated(int *count)
{
	return ++*count;
}

static void disabled_levels_evaluate_nothing(void **state)
{
	static struct rich_host h;
	struct takt_ctx *ctx = &h.ctx;
	int count = 0;

	(void)state;
	host_init(&h);
	h.ctx.text_level = TAKT_WARNING;
	takt_info(ctx, "%d", evaluated(&count));
	assert_int_equal(count, 0);
	assert_int_equal(h.call_count, 0);
	takt_warning(ctx, "%d", evaluated(&count));
	assert_int_equal(count, 1);
	assert_int_equal(h.call_count, 1);
	if (count > 5)
		takt_info(ctx, "a text is one statement, with and without braces");
	else
		takt_error(ctx, "%d", count);
	assert_int_equal(h.call_count, 2);
}

static void text_sites_of_a_plugin_are_one_array(void **state)
{
	uint32_t count = 0;

	(void)state;
	for (const struct takt_text_site *site = takt_plugin_1.text_begin;
	     site < takt_plugin_1.text_end; site++) {
		assert_true(site->format != NULL && site->line > 0);
		assert_int_equal((uintptr_t)site % 64, 0);
		assert_int_equal(strlen(site->tags), site->arg_count);
		count++;
	}
	assert_int_equal(count, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_type_describes_every_field),
		cmocka_unit_test(fields_have_the_size_that_their_words_say),
		cmocka_unit_test(enum_has_names_and_four_bytes),
		cmocka_unit_test(ports_stand_in_the_order_of_their_declaration),
		cmocka_unit_test(params_keep_their_text_as_it_was_written),
		cmocka_unit_test(task_has_the_methods_that_were_given_and_no_others),
		cmocka_unit_test(plugin_lists_its_tasks_behind_abi_and_sizes),
		cmocka_unit_test(structs_of_the_abi_have_their_sizes),
		cmocka_unit_test(macros_reach_inputs_outputs_params_and_state),
		cmocka_unit_test(text_arguments_have_a_tag_and_a_word_by_their_type),
		cmocka_unit_test(enums_keep_their_value_in_the_text_log),
		cmocka_unit_test(disabled_levels_evaluate_nothing),
		cmocka_unit_test(text_sites_of_a_plugin_are_one_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
