import type { ConfigValues } from "./model";

/**
 * What Hugging Face's `config.json` says beside a model's sizes, and what makes no difference to what the
 * models here compute: where it was saved by what, how text is generated, what outputs are returned. Where a
 * model knows one of them, it counts there.
 */
const MEANS_NOTHING = new Set(
  `_attn_implementation_autoset _commit_hash _name_or_path add_cross_attention architectures attn_implementation
  auto_map bad_words_ids begin_suppress_tokens bos_token_id chunk_size_feed_forward cross_attention_hidden_size
  decoder_start_token_id directionality diversity_penalty do_sample dtype early_stopping
  encoder_no_repeat_ngram_size encoder_stride eos_token_id exponential_decay_length_penalty finetuning_task
  forced_bos_token_id forced_eos_token_id gradient_checkpointing id2label is_encoder_decoder label2id
  length_penalty max_length min_length model_type no_repeat_ngram_size num_beam_groups num_beams
  num_hidden_layers num_return_sequences output_attentions output_hidden_states output_past output_scores pad_token_id
  pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_size_per_head pooler_type prefix
  problem_type remove_invalid_values repetition_penalty return_dict return_dict_in_generate sep_token_id
  stand_ins suppress_tokens task_mask_lm task_matched task_specific_params temperature tf_legacy_loss
  tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript
  transformers_version typical_p use_bfloat16 use_cache`.split(/\s+/),
);

/** Known, and of no meaning unless it says anything. */
const EMPTY = new Set(["pruned_heads"]);

/** The entries of a stored configuration that a model neither knows nor may leave out without a word. */
export function unusedEntries(stored: ConfigValues, known: readonly string[]): string[] {
  return Object.entries(stored)
    .filter(
      ([key, value]) => !known.includes(key) && !MEANS_NOTHING.has(key) && !isEmpty(key, value),
    )
    .map(([key]) => key);
}

function isEmpty(key: string, value: unknown): boolean {
  return EMPTY.has(key) && Object.keys(Object(value)).length === 0;
}

/** Said anew when a model is saved, or of what it was read from. */
const ITS_ORIGIN = ["transformers_version", "_commit_hash", "_name_or_path", "stand_ins"];

/** Of the weights' type, which the weights say themselves. */
const ITS_WEIGHTS = ["dtype", "torch_dtype"];

/** What of the configuration that a model was read with is saved with it, such as the names of classes. */
export function carriedEntries(stored: ConfigValues, config: object): ConfigValues {
  const { num_labels } = config as { num_labels?: number };
  const { id2label } = stored;
  const others = num_labels !== undefined && Object.keys(Object(id2label)).length !== num_labels;
  const left = [...ITS_ORIGIN, ...ITS_WEIGHTS, ...(others ? ["id2label", "label2id"] : [])];
  return Object.fromEntries(Object.entries(stored).filter(([key]) => !left.includes(key)));
}
