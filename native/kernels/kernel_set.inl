// One instruction set's kernels, from the bodies. Included inside a set's namespace, after Vec.
#include "loaders.inl"
#include "mask_log.inl"
#include "trim.inl"
#include "undecided.inl"
#include "tally.inl"
#include "elect.inl"
#include "precision.inl"
#include "block_loop.inl"
#include "combine.inl"
#include "unit_weights.inl"
#include "slack_two.inl"
#include "draft_brackets.inl"
#include "mean_of_two.inl"
#include "draft_two.inl"
#include "draft_three.inl"
#include "exact_two.inl"
#include "pair_loop.inl"
#include "ties.inl"
#include "sums.inl"
#include "analysis_counts.inl"
#include "unit_analysis.inl"
#include "analyse.inl"
#include "tally_losses.inl"
#include "tally_classes.inl"

static constexpr KernelTable table(const char* name) {
  return {name, tally_trim, tally_slack, block_norms, combine_linear, combine_task, combine_ties, draft_ties,
          compare, analyse, draft_analysis, tally_losses, tally_classes};
}
