using System.Collections.Immutable;
using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// Direct feedback alignment (Nøkland 2016): with the error e = softmax(logits) − Y of an auxiliary linear head on the last block, each
/// earlier block gets the vector-Jacobian product of its own output with e·B_i, B_i [K, D_i] fixed and random with rows of length 1;
/// the last block and the head get the true gradient. No gradient crosses a block.
/// </summary>
internal static class FeedbackAlignment
{
    /// <summary>Trains a cascade's blocks; the auxiliary head is thrown away.</summary>
    public static void Train(CascadeNetwork network, TensorDataset train, CascadedForwardOptions options, SeededRandom random, StageRecorder recorder)
    {
        using var aligned = new AlignedCascade(network, train.Outputs, random);
        recorder.Run("alignment", new TrainingOptions
        {
            Epochs = options.AlignmentEpochs,
            BatchSize = options.BatchSize,
            Optimizer = new Adam(options.AlignmentLearningRate, weightDecay: options.AlignmentWeightDecay),
            Loss = new AlignmentLoss(aligned),
        }, aligned, train, null);
    }

    /// <summary>The rows of B_i: gaussian, scaled to length 1.</summary>
    internal static Tensor Feedback(int classes, long width, SeededRandom random)
    {
        using var scope = NewDisposeScope();
        var rows = Initialization.Normal(empty(classes, width), 1, random);
        return rows.div(rows.norm(1, keepdim: true)).MoveToOuterDisposeScope();
    }

    /// <summary>Blocks with detached inputs; remembers their outputs for the loss.</summary>
    internal sealed class AlignedCascade : nn.Module<Tensor, Tensor>
    {
        private readonly CascadeNetwork network;
        private readonly Mlp head;

        public AlignedCascade(CascadeNetwork network, int classes, SeededRandom random) : base(nameof(AlignedCascade))
        {
            this.network = network;
            // The widths of the blocks' outputs are those of their predictors' inputs.
            var widths = network.Predictors.Select(p => p.Weights[0].shape[1]).ToArray();
            head = new Mlp([(int)widths[^1], classes], random);
            register_module("head", head);
            for (var i = 0; i < network.Depth; i++)
            {
                register_parameter($"kernel{i}", network.Kernels[i]);
                register_module($"norm{i}", network.Norms[i]);
            }
            FeedbackMatrices = [.. widths.SkipLast(1).Select(w => Feedback(classes, w, random).DetachFromDisposeScope())];
        }

        public ImmutableArray<Tensor> FeedbackMatrices { get; }

        /// <summary>The outputs of all blocks but the last in the latest forward pass.</summary>
        public List<Tensor> Outputs { get; } = [];

        public override Tensor forward(Tensor input)
        {
            Outputs.Clear();
            var h = input;
            for (var i = 0; i < network.Depth; i++)
            {
                h = network.Block(i, h.detach());
                if (i + 1 < network.Depth)
                    Outputs.Add(h);
            }
            return head.call(h.flatten(1));
        }

        protected override void Dispose(bool disposing)
        {
            if (!disposing)
                return;
            foreach (var matrix in FeedbackMatrices)
                matrix.Dispose();
            head.Dispose();
        }
    }

    /// <summary>Cross-entropy whose gradient reaches the earlier blocks through the feedback matrices.</summary>
    internal sealed class AlignmentLoss(AlignedCascade cascade) : nn.Module<Tensor, Tensor, Tensor>(nameof(AlignmentLoss))
    {
        public override Tensor forward(Tensor logits, Tensor target) => Surrogate(logits, target, cascade.Outputs, cascade.FeedbackMatrices);
    }

    /// <summary>Cross-entropy of the head, plus terms of value 0 whose gradient at each earlier block's output is e·B_i.</summary>
    internal static Tensor Surrogate(Tensor logits, Tensor target, IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> feedback)
    {
        using var scope = NewDisposeScope();
        var loss = nn.functional.cross_entropy(logits, target);
        // e is not divided by the batch size, as in the reference: Adam's step does not feel the scale.
        var error = logits.detach().softmax(1).sub(nn.functional.one_hot(target, logits.shape[1])); // (B, K)
        for (var i = 0; i < outputs.Count; i++)
        {
            var pull = outputs[i].flatten(1).mul(error.mm(feedback[i])).sum(); // (B, D_i) · (B, D_i)
            loss = loss.add(pull.sub(pull.detach()));
        }
        return loss.MoveToOuterDisposeScope();
    }
}
