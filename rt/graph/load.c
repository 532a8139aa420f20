/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rt/graph/loader.h"

/* The plan and all of its parts lie in the config's pool; the layouts are the set's. */
struct takt_plan_memory {
	struct takt_config *config;
	struct takt_type_set *types;
};

int takt_load_no_memory(struct takt_loader *loader)
{
	return takt_err_at(loader->err, -ENOMEM, loader->config->path, 0, 0, "out of memory");
}

/* The folder of @path, absolute, into @out of PATH_MAX. */
static int dir_of(const char *path, char *out, struct takt_err *err)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash) {
		slash[slash == dir] = 0;
	}
	if (!realpath(slash ? dir : ".", out)) {
		const int rc = -errno;

		return takt_err_at(err, rc, path, 0, 0, "cannot tell its folder: %s",
				   strerror(-rc));
	}
	return 0;
}

static int log_dir_fill(struct takt_loader *loader)
{
	const struct takt_value *dir = &loader->config->logging.dir;

	if (!dir->node) {
		return 0;
	}
	if (!dir->text[0] || dir->text[0] == '~') {
		return takt_node_error(dir->node, loader->err, "logging: dir: `%.80s` is no path "
				       "that is understood here; give an absolute one, or one "
				       "relative to the graph file",
				       dir->text);
	}
	loader->plan->log_dir = dir->text[0] == '/' ?
		takt_pool_copy(loader->pool, dir->text, strlen(dir->text)) :
		takt_pool_printf(loader->pool, "%s/%s", loader->dir, dir->text);
	return loader->plan->log_dir ? 0 : takt_load_no_memory(loader);
}

static int settings_fill(struct takt_loader *loader)
{
	const struct takt_config *config = loader->config;
	const struct takt_runtime_keys *runtime = &config->runtime;
	struct takt_plan *plan = loader->plan;

	plan->path = takt_pool_copy(loader->pool, config->path, strlen(config->path));
	plan->name = takt_pool_copy(loader->pool, config->root.name.text,
				    strlen(config->root.name.text));
	plan->dir = takt_pool_copy(loader->pool, loader->dir, strlen(loader->dir));
	if (!plan->path || !plan->name || !plan->dir) {
		return takt_load_no_memory(loader);
	}
	plan->period_ns = runtime->rate.number;
	plan->cpu = runtime->cpus.number == TAKT_CPU_UNSET ? TAKT_CPU_AUTO :
	(int)runtime->cpus.number;
	plan->cpu_line = runtime->cpus.node ? runtime->cpus.node->line : 0;
	plan->cpu_column = runtime->cpus.node ? runtime->cpus.node->column : 0;
	plan->priority = (int)runtime->priority.number;
	plan->wait = (enum takt_wait)runtime->wait.number;
	plan->overrun = (enum takt_overrun)(runtime->overrun.number & 0xff);
	plan->catch_up_max = (uint32_t)(runtime->overrun.number >> 8);
	plan->stuck_after_ns = runtime->stuck_after.number;
	plan->strict = runtime->strict.number;
	plan->flush_ns = config->logging.flush.number;
	plan->sync_ns = config->logging.sync.number;
	plan->segment_bytes = config->logging.segment.number;
	plan->segment_age_ns = config->logging.segment_age.number;
	plan->retention_bytes = config->retention.max_size.number;
	plan->retention_age_ns = config->retention.max_age.number;
	plan->retention_free_bytes = config->retention.min_free.number;
	plan->arena_bytes = config->logging.arena.number;
	plan->stall_ns = config->logging.stall.number;
	return log_dir_fill(loader);
}

static int steps(struct takt_loader *loader)
{
	static int (*const all[])(struct takt_loader *) = {
		settings_fill, takt_load_plugins, takt_load_types, takt_load_tasks, takt_load_ports,
		takt_load_connections, takt_load_port_types, takt_load_order, takt_load_plan,
	};
	int rc = 0;

	for (uint32_t i = 0; i < sizeof(all) / sizeof(all[0]) && rc == 0; i++) {
		rc = all[i](loader);
	}
	return rc;
}

int takt_graph_load(const char *path, struct takt_plan **ret_plan, struct takt_err *err)
{
	struct takt_loader loader = { .err = err };
	struct takt_plan_memory *memory = NULL;
	struct takt_config *config;
	int rc;

	rc = takt_config_load(path, &config, err);
	if (rc < 0) {
		return rc;
	}
	loader.config = config;
	loader.pool = config->pool;
	loader.plan = takt_pool_alloc(config->pool, 1, sizeof(*loader.plan));
	loader.types = takt_type_set_create(config->pool);
	memory = takt_pool_alloc(config->pool, 1, sizeof(*memory));
	if (!loader.plan || !loader.types || !memory) {
		rc = takt_load_no_memory(&loader);
		goto out;
	}
	*memory = (struct takt_plan_memory){ config, loader.types };
	loader.plan->memory = memory;
	rc = dir_of(path, loader.dir, err);
	if (rc == 0) {
		rc = steps(&loader);
	}
	if (rc < 0) {
		goto out;
	}
	*ret_plan = loader.plan;
	return 0;
out:
	takt_type_set_destroy(loader.types);
	takt_config_destroy(config);
	return rc;
}

void takt_plan_destroy(struct takt_plan *plan)
{
	struct takt_plan_memory memory;

	if (plan) {
		memory = *plan->memory;
		takt_type_set_destroy(memory.types);
		takt_config_destroy(memory.config);
	}
}
