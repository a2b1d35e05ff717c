using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>
/// A model that can compute its parameters' gradients without autograd, from the gradient with respect to its outputs. The trainer uses
/// it where the loss has a closed-form gradient too (<see cref="IClosedFormLoss"/>); the result equals autograd's.
/// </summary>
public interface IClosedFormGradients
{
    /// <summary>Whether the closed form holds for this instance as configured.</summary>
    bool HasClosedForm { get; }

    /// <summary>Runs forward and backward; writes into the <c>grad</c> of every parameter, which must exist.</summary>
    /// <param name="input">The batch, (B, …).</param>
    /// <param name="logitGradient">Given the outputs (B, k), returns ∂L/∂outputs (B, k).</param>
    /// <param name="accumulate">Whether to add to the gradients instead of replacing them.</param>
    /// <returns>The outputs (B, k).</returns>
    Tensor Backward(Tensor input, Func<Tensor, Tensor> logitGradient, bool accumulate);
}

/// <summary>A loss that knows its gradient with respect to the outputs.</summary>
public interface IClosedFormLoss
{
    /// <summary>The loss and its gradient.</summary>
    /// <param name="logits">The outputs (B, k).</param>
    /// <param name="target">The targets as the loss takes them.</param>
    /// <returns>The loss, and ∂L/∂logits (B, k).</returns>
    (double Loss, Tensor Gradient) LossAndGradient(Tensor logits, Tensor target);
}
