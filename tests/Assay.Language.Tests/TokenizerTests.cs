using CsCheck;

namespace Assay.Language.Tests;

public sealed class TokenizerTests
{
    private static readonly string[] Texts = ["low low low low low lower lower newest newest newest newest newest newest widest widest widest"];

    private static BpeTokenizer Small() => BpeTraining.Train(Texts, 280);

    [Fact]
    public void The_most_frequent_pairs_are_merged_first()
    {
        // Counts within words (each but the first has a leading space): e-s and s-t occur 9 times; ties go to the smaller numbers.
        var tokenizer = BpeTraining.Train(Texts, 260);
        Assert.Equal([("e", "s"), ("es", "t"), ("l", "o")], tokenizer.Merges.AsSpan()[..3].ToArray());
        Assert.Equal(260, tokenizer.Vocabulary);
    }

    [Fact]
    public void Training_stops_where_no_pair_occurs_twice()
    {
        var tokenizer = BpeTraining.Train(["ab"], 400);
        Assert.Equal(257, tokenizer.Vocabulary);
        Assert.Empty(tokenizer.Merges);
    }

    [Fact]
    public void Repeated_symbols_merge_from_the_left()
    {
        var tokenizer = BpeTraining.Train(["aaaaaaa aaaaaaa"], 258);
        var pair = tokenizer.IdOf("aa")!.Value;
        Assert.Equal([pair, pair, pair, tokenizer.IdOf("a")!.Value], tokenizer.Encode("aaaaaaa"));
    }

    [Fact]
    public void Every_text_comes_back() =>
        Gen.String.Where(IsText).Sample(text => Small().Decode(Small().Encode(text)) == text, iter: 300);

    [Fact]
    public void Other_scripts_and_symbols_come_back()
    {
        var text = "naïve – 東京 😀\n\tif (x<3) return 12345;  ";
        Assert.Equal(text, Small().Decode(Small().Encode(text)));
    }

    [Fact]
    public void Digits_stay_apart_when_asked()
    {
        var tokenizer = BpeTraining.Train(Enumerable.Repeat("1234 1234", 20), 300, separateDigits: true);
        Assert.Equal(4, tokenizer.Encode("1234").Length);
        Assert.DoesNotContain(tokenizer.Merges, m => m.First.Any(char.IsAsciiDigit) && m.Second.Any(char.IsAsciiDigit));
    }

    [Fact]
    public void A_special_token_in_a_text_is_text_unless_asked_for()
    {
        var tokenizer = Small();
        var end = tokenizer.EndOfText!.Value;
        Assert.DoesNotContain(end, tokenizer.Encode("low<|endoftext|>low"));
        Assert.Single(tokenizer.Encode("low<|endoftext|>low", parseSpecials: true), end);
        Assert.Equal("lowlow", tokenizer.Decode(tokenizer.Encode("low<|endoftext|>low", parseSpecials: true)));
    }

    [Fact]
    public void A_file_gives_the_same_tokens_back()
    {
        var path = Path.GetTempFileName();
        try
        {
            var tokenizer = BpeTraining.Train(Texts, 290, separateDigits: true);
            TokenizerFile.Write(path, tokenizer);
            var read = TokenizerFile.Read(path);
            Assert.Equal(tokenizer.Tokens, read.Tokens);
            Assert.Equal(tokenizer.Merges, read.Merges);
            Assert.Equal(tokenizer.Specials, read.Specials);
            Assert.True(read.SeparatesDigits);
            Assert.Equal(tokenizer.Encode("newest lowest 42 é"), read.Encode("newest lowest 42 é"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Characters_outside_the_vocabulary_fall_back_to_bytes()
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        var tokenizer = new BpeTokenizer(["<unk>", "<s>", "</s>", .. bytes, "▁", "a", "b", "▁a", "ab"], [("▁", "a"), ("a", "b")], TokenAlphabet.Characters, ["<unk>", "<s>", "</s>"]);
        Assert.Equal([tokenizer.IdOf("▁a")!.Value, tokenizer.IdOf("b")!.Value], tokenizer.Encode("ab"));
        var accent = tokenizer.Encode("é");
        Assert.Equal([tokenizer.IdOf("▁")!.Value, tokenizer.IdOf("<0xC3>")!.Value, tokenizer.IdOf("<0xA9>")!.Value], accent);
        Assert.Equal("é", tokenizer.Decode(accent));
        Assert.Equal("ab a", tokenizer.Decode(tokenizer.Encode("ab a")));
    }

    [Theory]
    [InlineData("{}", "model")]
    [InlineData("""{"model":{"type":"Unigram"}}""", "Unigram")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]},"pre_tokenizer":{"type":"ByteLevel"}}""", "must be tokens")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Split"}}""", "Split")]
    [InlineData("not json", "")]
    public void A_damaged_or_foreign_file_is_refused(string text, string named)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text);
            var error = Assert.Throws<InvalidDataException>(() => TokenizerFile.Read(path));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(named, error.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Too_small_a_vocabulary_and_unknown_numbers_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BpeTraining.Train(Texts, 256));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small().Decode([100_000]));
    }

    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }
}
