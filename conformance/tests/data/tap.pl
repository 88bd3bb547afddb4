# Reads TAP 14 with TAP::Parser, which knows 13: subtests go to it one by one, without
# their indent. Prints a line for each point: depth, ok, directive, explanation,
# description; and for each block of YAML its message and its first step.
use strict;
use warnings;
use TAP::Parser;

my $text = do { local $/; <STDIN> };
$text =~ s/\ATAP version 14\n// or die "no TAP 14\n";
check($text, 0);

sub check {
    my ($text, $depth) = @_;
    my ($mine, $nested, $in_yaml) = ('', '', 0);
    for my $line ($text =~ /([^\n]*\n)/g) {
        # The lines of a block may have the indent of a subtest, and are none.
        if ($in_yaml || $line eq "  ---\n") {
            $in_yaml = $line ne "  ...\n";
            $mine .= $line;
            next;
        }
        if ($line =~ s/^    //) { $nested .= $line; next }
        if ($nested ne '') { check($nested, $depth + 1); $nested = '' }
        $mine .= $line;
    }
    die "a subtest without its point\n" if $nested ne '';
    my $parser = TAP::Parser->new({ tap => "TAP version 13\n$mine" });
    while (my $result = $parser->next) {
        die 'unknown line: ' . $result->raw . "\n" if $result->is_unknown;
        if ($result->is_yaml) {
            my $data = $result->data;
            print join('|', 'yaml', $data->{message}, $data->{steps}[0]{op} // ''), "\n";
        }
        next unless $result->is_test;
        print join('|', $depth, $result->ok, $result->directive, $result->explanation, $result->description), "\n";
    }
    die join("\n", $parser->parse_errors) . "\n" if $parser->parse_errors;
}
